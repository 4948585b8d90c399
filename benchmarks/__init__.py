"""The webhook against peers that do the same job, all under Lambda's runtime, in one interleaved run: `make bench`."""

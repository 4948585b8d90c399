"""The webhook with other transports than its own `platform/dynamodb/wire.py`, for comparison in `make bench`."""

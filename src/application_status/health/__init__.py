"""Counts what became of each ATS's requests, as the log lines of the HTTP functions tell."""

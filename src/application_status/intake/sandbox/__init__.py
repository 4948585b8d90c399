"""intake/sandbox."""

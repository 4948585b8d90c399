"""intake/seek."""

"""intake/atsi."""

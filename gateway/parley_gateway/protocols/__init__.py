"""Client protocols: bytes to events and back, one per file."""

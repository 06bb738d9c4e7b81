"""The operator against a real API server; servers that its tests share end with this folder."""

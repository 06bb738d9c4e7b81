"""The resource's definition, as a real API server holds it."""

"""The database's schema, one file per version: applied in their order, each once, never changed afterwards."""

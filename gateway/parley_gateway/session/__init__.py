"""One conversation: runs the core against the client, the providers and the clock."""

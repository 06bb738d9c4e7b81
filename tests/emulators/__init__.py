"""Servers that speak the providers' wire formats, for the unmodified official SDKs to connect to."""

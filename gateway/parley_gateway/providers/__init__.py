"""Providers of speech and language, one file each."""

"""The parley command, also a kubectl plugin."""

"""The audio of sessions, kept as files where the resource asks for it."""

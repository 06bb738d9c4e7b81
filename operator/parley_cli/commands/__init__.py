"""The subcommands of `parley`, one per file; each has a `command`."""

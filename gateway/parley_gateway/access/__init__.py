"""Who may talk: one file per kind of credential, and the one that asks them in turn."""

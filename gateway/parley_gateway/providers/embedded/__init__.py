"""Speech and replies with no account and no network: what the three embedded providers share.

Recognition and synthesis run in child processes: their C code neither lets other Python threads run nor may
take the calls of other people down with it.
"""

"""Commands that are suggested to people, with the namespace of what they are about: they run as they stand."""

from __future__ import annotations


def suggested(command: str, name: str = "", *, namespace: str) -> str:
    """A command of this program in backticks; without a name, of all in the namespace."""
    return f"`parley -n {namespace} {command}{f' {name}' if name else ''}`"

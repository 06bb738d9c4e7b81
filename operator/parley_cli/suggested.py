"""Commands that are suggested to people, with the namespace of what they are about: they run as they stand."""

from __future__ import annotations

import re

_OF_KUBECTL = re.compile(r"\bkubectl (?=(?:describe|logs)\b)")
"""In the operator's words, which name no namespace: conditions are read beside their resource."""


def suggested(command: str, name: str = "", *, namespace: str) -> str:
    """A command of this program in backticks; without a name, of all in the namespace."""
    return f"`parley -n {namespace} {command}{f' {name}' if name else ''}`"


def within(namespace: str, said: str) -> str:
    """What the operator says, each command of kubectl in it with the namespace."""
    return _OF_KUBECTL.sub(f"kubectl -n {namespace} ", said)

"""Waiting for definitions to be served.

Not by `kubectl wait`: the conditions of a new definition are null for a moment, which it takes for an error.
"""

from __future__ import annotations

from quickstart.commands import Commands
from quickstart.watch import Object, Objects, wait_until

_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def until_established(admin: Commands, *, within: float = 60.0) -> None:
    """Until every definition that there is, is."""
    await wait_until(admin, _PATH, _are_established, within=within)


def _are_established(definitions: Objects) -> bool:
    return bool(definitions) and all(map(_is_established, definitions.values()))


def _is_established(definition: Object) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)

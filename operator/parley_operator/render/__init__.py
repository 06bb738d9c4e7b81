"""Pure functions from a spec and facts about the cluster to manifests.

They come when they are first asked for, as the models of `api` do: whoever wants a label or a name loads no more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from parley_operator.render.rendered import Finding, Manifest, ObjectKey, Rendered, ServedCertificate, object_key

if TYPE_CHECKING:
    from parley_operator.render.everything import render
    from parley_operator.render.facts import Facts

__all__ = [
    "Facts",
    "Finding",
    "Manifest",
    "ObjectKey",
    "Rendered",
    "ServedCertificate",
    "object_key",
    "render",
]

_LATER = {"Facts": "facts", "render": "everything"}
"""What is asked for by name, and the module that has it."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)

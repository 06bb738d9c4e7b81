"""Which release of the gateway goes with this command."""

from __future__ import annotations

from importlib.metadata import version


def release() -> str:
    """Major and minor: patches of a release serve the same resources."""
    return ".".join(version("parley-voice").split(".")[:2])

"""What is said on a command line as people write it for kubectl: names of objects, and durations."""

from __future__ import annotations

import re
from collections.abc import Collection

import click

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""As the API server takes it."""
_DURATION = re.compile(r"([0-9]{1,5}(h|m|s|ms)){1,4}")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")


def voice_deployment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The name of a VoiceDeployment: alone, or behind its kind, as `kubectl get -o name` prints it."""
    return (
        None if value is None else _name(value, "VoiceDeployment", ("vd", "voicedeployment", "voicedeployments"))
    )


def gateway_pod(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """The name of a pod, likewise."""
    return _name(value, "Pod", ("po", "pod", "pods"))


def duration(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """A time of more than nothing, in seconds: 90, 90s, 5m or 1h30m."""
    if value is None:
        return None
    length = _length(value)
    if length is None or length <= 0:
        raise click.BadParameter(f"{value!r} is no duration: give seconds, or one such as 30s, 5m or 1h30m")
    return length


def _name(value: str, kind: str, kinds: Collection[str]) -> str:
    said, slash, name = value.rpartition("/")
    if slash and said.partition(".")[0].lower() not in kinds:
        raise click.BadParameter(f"{value!r} is no {kind}: give the name of one")
    if not _NAME.fullmatch(name):
        raise click.BadParameter(f"{value!r} is no name that a {kind} can have")
    return name


def _length(text: str) -> float | None:
    if _DURATION.fullmatch(text):
        from parley_operator.api.durations import seconds

        return seconds(text)
    return float(text) if _SECONDS.fullmatch(text) else None

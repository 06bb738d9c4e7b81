"""The part of the gateway's configuration about what it tells those who run it."""

from __future__ import annotations

from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.observability import SlaSpec, TracesSpec
from parley_operator.render.paths import PROFILES_DIRECTORY
from parley_operator.render.said import decimal, duration, header_files, said


def observability_config(resource: VoiceDeployment) -> dict[str, Any] | None:
    """What is measured, traced and served; None where the spec says nothing of it."""
    spec, endpoint = resource.spec.observability, resource.spec.endpoint
    aliases = endpoint.health_paths if endpoint else None
    result = said(aliases={"health": list(aliases)} if aliases else None)
    if spec is not None:
        result |= said(
            max_tenants=spec.max_tenants,
            sla=_sla(spec.sla) if spec.sla else None,
            traces=_traces(spec.traces) if spec.traces else None,
            profiles=PROFILES_DIRECTORY if spec.profiling == "Enabled" else None,
        )
    return result or None


def _sla(sla: SlaSpec) -> dict[str, Any]:
    return said(
        first_token=duration(sla.first_token),
        partial_transcript=duration(sla.partial_transcript),
        barge_in=duration(sla.barge_in),
        synthesis=duration(sla.synthesis),
        first_audio=duration(sla.first_audio),
    )


def _traces(traces: TracesSpec) -> dict[str, Any]:
    return said(
        endpoint=traces.endpoint,
        header_files=header_files(traces.headers),
        sample_ratio=decimal(traces.sample_ratio),
    )

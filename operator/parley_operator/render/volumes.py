"""The gateway's volumes and where they are mounted: all read-only but /tmp and what is kept."""

from __future__ import annotations

from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render import paths
from parley_operator.render.agent_text import agent_map_name
from parley_operator.render.gateway_config import config_map_name
from parley_operator.render.recordings_config import recordings_volume
from parley_operator.render.references import Purpose, Reference, ValueId, references
from parley_operator.render.signing import mints_client_secrets, signing_value
from parley_operator.render.token import is_generated, token_value
from parley_operator.render.track import MAIN, Track

SECRET_MODE = 0o440
"""Readable by the pod's group alone."""
TEXT_MODE = 0o444
TMP_SIZE = "64Mi"
OUTBOX_SIZE = "256Mi"
PROFILES_SIZE = "256Mi"


def volumes(resource: VoiceDeployment, *, track: Track = MAIN) -> list[dict[str, Any]]:
    """The volumes of the pod."""
    agent = {"defaultMode": SECRET_MODE, "sources": _agent_sources(resource, track)}
    config = {"name": config_map_name(resource), "defaultMode": TEXT_MODE, "items": [_item(paths.CONFIG_NAME)]}
    result: list[dict[str, Any]] = [
        {"name": "config", "configMap": config},
        {"name": "agent", "projected": agent},
        {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": TMP_SIZE}},
    ]
    if sources := _secret_sources(resource):
        result.append({"name": "secrets", "projected": {"defaultMode": SECRET_MODE, "sources": sources}})
    if bundle := _trust_bundle(resource):
        held = {"defaultMode": TEXT_MODE, "items": [_item(bundle.key, paths.TRUST_NAME)]}
        secret, config_map = {"secretName": bundle.name, **held}, {"name": bundle.name, **held}
        source = {"secret": secret} if bundle.kind == "Secret" else {"configMap": config_map}
        result.append({"name": "trust", **source})
    return result + [{"name": name, **source} for name, _, source in _kept(resource)]


def _kept(resource: VoiceDeployment) -> list[tuple[str, str, dict[str, Any]]]:
    """Folders that outlive a container: name, place and the volume's source."""
    spec = resource.spec
    result: list[tuple[str, str, dict[str, Any]]] = []
    if spec.records:
        result.append(("outbox", paths.OUTBOX_DIRECTORY, {"emptyDir": {"sizeLimit": OUTBOX_SIZE}}))
    if spec.observability is not None and spec.observability.profiling == "Enabled":
        result.append(("profiles", paths.PROFILES_DIRECTORY, {"emptyDir": {"sizeLimit": PROFILES_SIZE}}))
    if spec.recordings:
        result.append(("recordings", paths.RECORDINGS_DIRECTORY, recordings_volume(spec.recordings)))
    return result


def mounts(resource: VoiceDeployment) -> list[dict[str, Any]]:
    """The mounts of the gateway's container: one for each volume."""
    places = {
        "config": paths.CONFIG_DIRECTORY,
        "agent": paths.AGENT_DIRECTORY,
        "secrets": paths.SECRETS_DIRECTORY,
        "trust": paths.TRUST_DIRECTORY,
    }
    mounted = [volume["name"] for volume in volumes(resource) if volume["name"] in places]
    return [
        *({"name": name, "mountPath": places[name], "readOnly": True} for name in mounted),
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
        *({"name": name, "mountPath": place} for name, place, _ in _kept(resource)),
    ]


def _item(key: str, path: str | None = None) -> dict[str, str]:
    return {"key": key, "path": path or key}


def _of(resource: VoiceDeployment, *purposes: Purpose) -> list[Reference]:
    return [reference for reference in references(resource) if reference.purpose in purposes]


def _agent_sources(resource: VoiceDeployment, track: Track) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = [
        {"configMap": {"name": agent_map_name(resource, track=track), "items": [_item(paths.AGENT_NAME)]}}
    ]
    for reference in _of(resource, Purpose.INSTRUCTIONS):
        kind = "secret" if reference.target.kind == "Secret" else "configMap"
        item = _item(reference.target.key, paths.INSTRUCTIONS_NAME)
        sources.append({kind: {"name": reference.target.name, "items": [item]}})
    return sources


def _secret_sources(resource: VoiceDeployment) -> list[dict[str, Any]]:
    """One source for each Secret, with only the keys that the spec names."""
    targets = {reference.target for reference in _of(resource, Purpose.FILE)}
    if is_generated(resource):
        targets.add(token_value(resource))
    if mints_client_secrets(resource):
        targets.add(signing_value(resource))
    by_secret: dict[str, list[ValueId]] = {}
    for target in sorted(targets):
        by_secret.setdefault(target.name, []).append(target)
    return [
        {"secret": {"name": name, "items": [_item(one.key, paths.secret_name(one)) for one in keys]}}
        for name, keys in by_secret.items()
    ]


def _trust_bundle(resource: VoiceDeployment) -> ValueId | None:
    return next((reference.target for reference in _of(resource, Purpose.TRUST_BUNDLE)), None)

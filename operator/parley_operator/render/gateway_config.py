"""From the spec to the gateway's configuration, and to the immutable ConfigMap that holds it.

Only what the spec says is written: a default that a later gateway changes never changes these bytes. What the
CRD fills in itself (limits, drain) counts as said.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from parley_contract.config import SCHEMA_VERSION, GatewayConfig
from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.endpoint import DEFAULT_PATHS
from parley_operator.api.pipeline import DeepgramSettings, LlmSpec, Stage, SttSpec, TtsSpec
from parley_operator.api.references import SecretSource
from parley_operator.render.labels import metadata
from parley_operator.render.names import child_name
from parley_operator.render.paths import (
    AGENT_DIRECTORY,
    AGENT_NAME,
    CONFIG_NAME,
    instructions_file,
    secret_file,
)
from parley_operator.render.references import ValueId
from parley_operator.render.rendered import Manifest
from parley_operator.render.token import token_value

PORT = 8080


def gateway_config(resource: VoiceDeployment) -> GatewayConfig:
    """The configuration of the gateway's pods."""
    spec, limits = resource.spec, resource.spec.limits
    agent = _said(file=f"{AGENT_DIRECTORY}/{AGENT_NAME}", instructions_file=instructions_file(resource))
    return GatewayConfig.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "name": resource.metadata.name,
            "namespace": resource.metadata.namespace,
            "port": PORT,
            "agent": agent,
            "pipeline": {
                "stt": _stt(spec.pipeline.stt),
                "llm": _llm(spec.pipeline.llm),
                "tts": _tts(spec.pipeline.tts),
            },
            "protocols": [{"name": name, "paths": list(paths)} for name, paths in protocols(resource)],
            "auth": _auth(resource),
            "limits": {
                "session_duration": seconds(limits.session_duration),
                "idle_timeout": seconds(limits.idle_timeout),
                "sessions_per_pod": limits.sessions_per_pod,
                "connections_per_pod": limits.connections_per_pod,
            },
            "drain": {"timeout": seconds(spec.rollout.drain_timeout)},
        }
    )


def protocols(resource: VoiceDeployment) -> list[tuple[str, tuple[str, ...]]]:
    """The protocols that are served, each with its paths."""
    endpoint = resource.spec.endpoint
    said = endpoint.protocols if endpoint else None
    return [(protocol.name, protocol.paths) for protocol in said or ()] or [("Native", DEFAULT_PATHS)]


def config_text(config: GatewayConfig) -> str:
    """The configuration as canonical JSON: the same configuration is the same bytes."""
    return json.dumps(config.model_dump(mode="json", exclude_unset=True), indent=2, sort_keys=True) + "\n"


def config_map_name(resource: VoiceDeployment) -> str:
    """The name says the content: a restarted pod of an older ReplicaSet finds the configuration it began with."""
    digest = hashlib.sha256(config_text(gateway_config(resource)).encode()).hexdigest()[:10]
    return child_name(resource.metadata.name, f"config-{digest}")


def config_map(resource: VoiceDeployment) -> Manifest:
    """The immutable ConfigMap with the configuration."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(resource, config_map_name(resource)),
        "immutable": True,
        "data": {CONFIG_NAME: config_text(gateway_config(resource))},
    }


def _said(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _files(sources: tuple[SecretSource, ...]) -> list[str]:
    refs = (source.secret_key_ref for source in sources)
    return [secret_file(ValueId("Secret", ref.name, ref.key)) for ref in refs]


def _stage(stage: Stage) -> dict[str, Any]:
    return _said(
        provider=stage.provider,
        model=stage.model,
        base_url=stage.base_url,
        api_key_files=_files(stage.api_keys) if stage.api_keys else None,
    )


def _stt(stt: SttSpec) -> dict[str, Any]:
    settings = stt.deepgram or DeepgramSettings()
    return _stage(stt) | _said(
        keyterms=list(settings.keyterms) if settings.keyterms else None,
        endpointing_ms=_milliseconds(settings.endpointing),
        utterance_end_ms=_milliseconds(settings.utterance_end),
    )


def _milliseconds(duration: str | None) -> int | None:
    return None if duration is None else round(seconds(duration) * 1000)


def _llm(llm: LlmSpec) -> dict[str, Any]:
    temperature = None if llm.temperature is None else float(llm.temperature)
    return _stage(llm) | _said(max_tokens=llm.max_tokens, temperature=temperature)


def _tts(tts: TtsSpec) -> dict[str, Any]:
    return _stage(tts) | _said(
        voice=tts.voice,
        instructions=tts.openai.instructions if tts.openai else None,
        words_per_minute=tts.embedded.words_per_minute if tts.embedded else None,
    )


def _auth(resource: VoiceDeployment) -> dict[str, Any]:
    auth = resource.spec.auth
    if auth and auth.anonymous is not None:
        return {"anonymous": True}
    files = _files(auth.tokens) if auth and auth.tokens else [secret_file(token_value(resource))]
    return {"tokens": {"token_files": files}}

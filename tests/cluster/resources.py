"""VoiceDeployments for tests: the smallest that work, and what to add to them."""

from __future__ import annotations

from typing import Any

EMBEDDED = {
    "stt": {"provider": "Embedded"},
    "llm": {"provider": "Embedded"},
    "tts": {"provider": "Embedded"},
}
SMALL_POD = {"resources": {"requests": {"cpu": "50m", "memory": "128Mi"}}}
"""So that many fit on a laptop."""


def voice_deployment(name: str, *, host: str | None = None, **spec: Any) -> dict[str, Any]:
    """One with embedded speech, through the ingress where a host is named; `spec` adds and replaces."""
    wanted: dict[str, Any] = {
        "agent": {"instructions": "Answer in one short sentence."},
        "pipeline": EMBEDDED,
        "limits": {"sessionDuration": "5m"},
        "rollout": {"drainTimeout": "5m"},
        "pod": SMALL_POD,
    }
    if host is not None:
        wanted["endpoint"] = through_ingress(host)
    return {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "VoiceDeployment",
        "metadata": {"name": name},
        "spec": wanted | spec,
    }


def through_ingress(*hosts: str) -> dict[str, Any]:
    """An endpoint with a certificate that the operator makes."""
    return {"hosts": list(hosts), "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}


def with_providers(base_url: str, *, secret: str) -> dict[str, Any]:
    """The pipeline of the production sample, its providers at `base_url`, its keys in `secret`."""

    def key(name: str) -> list[dict[str, Any]]:
        return [{"secretKeyRef": {"name": secret, "key": name}}]

    return {
        "stt": {"provider": "Deepgram", "model": "nova-3", "apiKeys": key("deepgram"), "baseURL": base_url},
        "llm": {
            "provider": "Anthropic",
            "model": "claude-haiku-4-5",
            "apiKeys": key("anthropic"),
            "baseURL": base_url,
        },
        "tts": {
            "provider": "OpenAI",
            "model": "gpt-4o-mini-tts",
            "voice": "alloy",
            "apiKeys": key("openai"),
            "baseURL": f"{base_url}/v1",
        },
    }

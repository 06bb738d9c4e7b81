"""Where the gateway finds its files. Directories are mounted whole: a subPath would never see an update."""

from __future__ import annotations

import hashlib

from parley_operator.api import VoiceDeployment
from parley_operator.render.references import ValueId

CONFIG_DIRECTORY = "/etc/parley/config"
CONFIG_NAME = "gateway.json"
AGENT_DIRECTORY = "/etc/parley/agent"
AGENT_NAME = "agent.json"
INSTRUCTIONS_NAME = "instructions.txt"
SECRETS_DIRECTORY = "/etc/parley/secrets"
TRUST_DIRECTORY = "/etc/parley/trust"
TRUST_NAME = "ca.crt"
OUTBOX_DIRECTORY = "/var/lib/parley/outbox"
PROFILES_DIRECTORY = "/var/lib/parley/profiles"
RECORDINGS_DIRECTORY = "/var/lib/parley/recordings"

_NAME_LIMIT = 200
"""File names end at 255 bytes, while a Secret's name and a key have 253 each."""


def secret_name(target: ValueId) -> str:
    """File name of one key of a Secret; no Secret's name has an underscore, so that no two are alike."""
    name = f"{target.name}_{target.key}"
    if len(name) <= _NAME_LIMIT:
        return name
    return f"{name[: _NAME_LIMIT - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def secret_file(target: ValueId) -> str:
    """Path of one key of a Secret."""
    return f"{SECRETS_DIRECTORY}/{secret_name(target)}"


def instructions_file(resource: VoiceDeployment) -> str | None:
    """Path of instructions that are kept elsewhere; None where the resource holds them itself."""
    return f"{AGENT_DIRECTORY}/{INSTRUCTIONS_NAME}" if resource.spec.agent.instructions_from else None

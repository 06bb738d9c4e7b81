"""From the spec to the gateway's configuration, and to the immutable ConfigMap that holds it.

Only what the spec says is written: a default that a later gateway changes never changes these bytes. What the
CRD fills in itself (limits, drain) counts as said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from parley_contract.access import ClientSecrets
from parley_contract.config import GatewayConfig
from parley_contract.records import StripeConfig
from parley_contract.versions import SCHEMA_VERSION
from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.endpoint import DEFAULT_PATHS, ProtocolSpec
from parley_operator.render.access_config import access_config
from parley_operator.render.container import PORT
from parley_operator.render.labels import metadata
from parley_operator.render.limits_config import limits_config, state_config
from parley_operator.render.names import child_name
from parley_operator.render.observability_config import observability_config
from parley_operator.render.once import once
from parley_operator.render.paths import AGENT_DIRECTORY, AGENT_NAME, CONFIG_NAME, instructions_file
from parley_operator.render.pipeline_config import deadlines_config, pipeline_config
from parley_operator.render.rendered import Manifest
from parley_operator.render.said import said, source_file
from parley_operator.render.tools_config import tool_config
from parley_operator.render.turn_taking_config import turn_taking_config
from parley_operator.render.worker_stages import at_addresses

CLIENT_SECRETS_PATH = ClientSecrets.model_fields["path"].default
STRIPE_WEBHOOK_PATH = StripeConfig.model_fields["webhook_path"].default


@once
def gateway_config(resource: VoiceDeployment) -> GatewayConfig:
    """The configuration of the gateway's pods."""
    spec = resource.spec
    agent = said(file=f"{AGENT_DIRECTORY}/{AGENT_NAME}", instructions_file=instructions_file(resource))
    return GatewayConfig.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "name": resource.metadata.name,
            "namespace": resource.metadata.namespace,
            "port": PORT,
            "agent": agent,
            "pipeline": pipeline_config(at_addresses(resource)),
            "protocols": [_protocol(protocol) for protocol in _protocols(resource)],
            "auth": access_config(resource),
            "limits": limits_config(spec.limits),
            "drain": {"timeout": seconds(spec.rollout.drain_timeout)},
            **said(
                tools=[tool_config(tool) for tool in spec.agent.tools] if spec.agent.tools else None,
                deadlines=deadlines_config(spec.pipeline),
                turn_taking=turn_taking_config(spec.turn_taking) if spec.turn_taking else None,
                observability=observability_config(resource),
            ),
            **state_config(spec),
        }
    )


def protocols(resource: VoiceDeployment) -> list[tuple[str, tuple[str, ...]]]:
    """The protocols that are served, each with its paths."""
    return [(protocol.name, _paths(protocol)) for protocol in _protocols(resource)]


def public_paths(resource: VoiceDeployment) -> Iterator[str]:
    """Every path that is meant for those outside: probes and metrics are not."""
    for name, paths in protocols(resource):
        yield from paths
        if name == "Twilio":
            yield from (f"{path}/voice" for path in paths)
    endpoint, auth, billing = resource.spec.endpoint, resource.spec.auth, resource.spec.billing
    if endpoint and endpoint.health_paths:
        yield from endpoint.health_paths
    if auth and auth.client_secrets:
        yield auth.client_secrets.path or CLIENT_SECRETS_PATH
    if billing and billing.stripe.webhook_secret:
        yield STRIPE_WEBHOOK_PATH


def _protocols(resource: VoiceDeployment) -> tuple[ProtocolSpec, ...]:
    endpoint = resource.spec.endpoint
    return (endpoint.protocols if endpoint else None) or (ProtocolSpec(name="Native"),)


def _paths(protocol: ProtocolSpec) -> tuple[str, ...]:
    return protocol.paths or DEFAULT_PATHS[protocol.name]


def _protocol(protocol: ProtocolSpec) -> dict[str, Any]:
    twilio = protocol.twilio
    return said(
        name=protocol.name,
        paths=list(_paths(protocol)),
        auth_token_file=source_file(twilio.auth_token) if twilio and twilio.auth_token else None,
        public_url=twilio.public_url if twilio else None,
    )


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

"""What holds of every rendering, whatever the spec says."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parley_contract.agent import AgentText
from parley_contract.config import GatewayConfig
from parley_operator.api import VoiceDeployment
from parley_operator.render import Manifest, render
from parley_operator.render.agent_text import agent_text
from parley_operator.render.gateway_config import config_text, gateway_config
from parley_operator.render.labels import all_pods
from parley_operator.render.pod import grace_period
from tests.unit.operator import strategies
from tests.unit.operator.facts import (
    FACTS,
    INGRESS_NGINX,
    TRAEFIK,
    UNKNOWN,
    of_kind,
    parse,
    pod_template,
    the,
    with_values,
)

CLASSES = st.sampled_from([TRAEFIK, INGRESS_NGINX, UNKNOWN, None])
NAME_LIMITS = {"Service": 63, "Deployment": 46}


def rendered_text(resource: VoiceDeployment) -> str:
    return json.dumps(render(resource, with_values(resource)).manifests)


@given(strategies.DOCUMENTS)
def test_o02_the_same_input_gives_the_same_bytes(document: dict[str, Any]) -> None:
    assert rendered_text(parse(document)) == rendered_text(parse(copy.deepcopy(document)))


@given(strategies.DOCUMENTS, CLASSES)
def test_o02_every_child_is_named_labelled_and_owned(document: dict[str, Any], ingress_class: Any) -> None:
    resource = parse(document)
    rendered = render(resource, replace(with_values(resource), ingress_class=ingress_class))
    for manifest in rendered.manifests:
        metadata = manifest["metadata"]
        assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", metadata["name"])
        assert len(metadata["name"]) <= NAME_LIMITS.get(manifest["kind"], 253)
        assert metadata["namespace"] == "default"
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "parley"
        assert len(metadata["labels"]["parley.dev/name"]) <= 63
        (owner,) = metadata["ownerReferences"]
        assert owner["uid"] == "7d8f"
        assert owner["controller"] is True
    keys = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in rendered.manifests]
    assert len(keys) == len(set(keys))
    assert not {(key.kind, key.name) for key in rendered.keep} & set(keys)


@given(strategies.DOCUMENTS)
def test_o08_pods_are_hardened_whatever_the_spec_says(document: dict[str, Any]) -> None:
    resource = parse(document)
    pod = pod_template(render(resource, with_values(resource)))["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["runAsGroup"] == 1000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod)
    assert not any("hostPath" in volume for volume in pod["volumes"])
    assert not any("subPath" in mount for mount in container["volumeMounts"])
    assert {volume["name"] for volume in pod["volumes"]} == {mount["name"] for mount in container["volumeMounts"]}
    assert all(mount.get("readOnly") or mount["mountPath"] == "/tmp" for mount in container["volumeMounts"])
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert {"cpu", "memory"} <= set(container["resources"]["limits"])


@given(strategies.DOCUMENTS)
def test_o08_the_operator_s_labels_win(document: dict[str, Any]) -> None:
    resource = parse(document)
    rendered = render(resource, with_values(resource))
    selector = the(rendered, "Deployment")["spec"]["selector"]["matchLabels"]
    assert selector.items() <= pod_template(rendered)["metadata"]["labels"].items()
    assert the(rendered, "Service")["spec"]["selector"] == selector
    assert the(rendered, "PodDisruptionBudget")["spec"]["selector"] == all_pods(resource)
    assert dict(part.split("=") for part in rendered.selector.split(",")) == selector


@given(strategies.DOCUMENTS)
def test_o02_the_configuration_is_what_the_gateway_reads(document: dict[str, Any]) -> None:
    resource = parse(document)
    config = gateway_config(resource)
    text = config_text(config)
    assert GatewayConfig.model_validate_json(text) == config
    assert config_text(GatewayConfig.model_validate_json(text)) == text
    rendered = render(resource, with_values(resource))
    (data,) = [m["data"] for m in of_kind(rendered, "ConfigMap") if m.get("immutable")]
    assert data == {"gateway.json": text}


@given(strategies.DOCUMENTS)
def test_o05_every_file_of_the_configuration_is_mounted(document: dict[str, Any]) -> None:
    resource = parse(document)
    pod = pod_template(render(resource, with_values(resource)))["spec"]
    named = set(re.findall(r'"(/etc/parley/[^"]+)"', config_text(gateway_config(resource))))
    assert named - {"/etc/parley/config/gateway.json"} <= mounted_files(pod)


def mounted_files(pod: Manifest) -> set[str]:
    places = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    files = set()
    for volume in pod["volumes"]:
        sources = volume.get("projected", {}).get("sources", [volume])
        for source in sources:
            held = source.get("configMap") or source.get("secret") or {}
            files |= {f"{places[volume['name']]}/{item['path']}" for item in held.get("items", [])}
    return files


@given(strategies.DOCUMENTS, st.text(min_size=1, max_size=50), st.text(min_size=1, max_size=50))
def test_o05_a_changed_prompt_rolls_no_pod(document: dict[str, Any], instructions: str, greeting: str) -> None:
    before, after = parse(document), copy.deepcopy(document)
    if "instructions" in after["spec"]["agent"]:
        after["spec"]["agent"]["instructions"] = instructions
    after["spec"]["agent"]["greeting"] = greeting
    edited = parse(after)
    assert pod_template(render(before, with_values(before))) == pod_template(render(edited, with_values(edited)))
    data = next(m["data"] for m in of_kind(render(edited, FACTS), "ConfigMap") if "immutable" not in m)
    assert AgentText.model_validate_json(data["agent.json"]) == agent_text(edited)


@given(strategies.DOCUMENTS, strategies.NETWORK_POLICIES)
def test_o08_a_network_policy_rolls_no_pod(document: dict[str, Any], policy: Any) -> None:
    changed = copy.deepcopy(document)
    changed["spec"]["networkPolicy"] = policy
    before, after = parse(document), parse(changed)
    assert pod_template(render(before, with_values(before))) == pod_template(render(after, with_values(after)))


@given(strategies.DOCUMENTS, strategies.SCALINGS, strategies.TLS, st.integers(0, 9), st.booleans(), CLASSES)
def test_o07_ingress_and_scaling_roll_no_pod(
    document: dict[str, Any], scaling: Any, tls: Any, replicas: int, suspend: bool, ingress_class: Any
) -> None:
    before, after = parse(document), copy.deepcopy(document)
    after["spec"] |= {"scaling": scaling, "replicas": replicas, "suspend": suspend}
    endpoint = after["spec"].setdefault("endpoint", {})
    endpoint |= {"hosts": ["other.example.com"], "ingress": {"tls": tls}}
    changed = parse(after)
    facts = replace(with_values(changed), ingress_class=ingress_class)
    assert pod_template(render(before, with_values(before))) == pod_template(render(changed, facts))


@given(strategies.DOCUMENTS)
def test_o07_an_operator_s_upgrade_rolls_no_pod(document: dict[str, Any]) -> None:
    resource = parse(document)
    version = render(resource, with_values(resource)).version
    settled = parse({**document, "status": {"version": version}})
    upgraded = replace(with_values(settled), release="9.9")
    assert pod_template(render(settled, upgraded)) == pod_template(render(resource, with_values(resource)))


@given(strategies.DOCUMENTS)
def test_o07_pods_get_the_time_to_drain(document: dict[str, Any]) -> None:
    resource = parse(document)
    pod = pod_template(render(resource, with_values(resource)))["spec"]
    pre_stop = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = gateway_config(resource).drain.timeout
    assert pod["terminationGracePeriodSeconds"] == grace_period(resource) > pre_stop + drain


@given(strategies.DOCUMENTS, st.one_of(st.none(), st.integers(0, 50)))
def test_o06_replicas_are_never_in_the_deployment_nor_reset(document: dict[str, Any], live: int | None) -> None:
    resource = parse(document)
    rendered = render(resource, replace(with_values(resource), replicas=live))
    assert "replicas" not in the(rendered, "Deployment")["spec"]
    if resource.spec.suspend:
        assert rendered.scale is not None
        assert rendered.scale["spec"] == {"replicas": 0}
    elif resource.spec.scaling.type != "Fixed" and live:
        assert rendered.scale is None


@settings(max_examples=30)
@given(strategies.DOCUMENTS)
def test_o05_nothing_secret_is_rendered_outside_secrets(document: dict[str, Any]) -> None:
    resource = parse(document)
    for manifest in render(resource, with_values(resource)).manifests:
        if manifest["kind"] != "Secret":
            assert "an access token" not in json.dumps(manifest)
            assert "authority key" not in json.dumps(manifest)

"""Each kind of child, in the particulars that matter."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.api.durations import seconds
from parley_operator.api.quantities import canonical_quantity, parse_quantity
from parley_operator.render import Facts, ObjectKey, generated, render
from parley_operator.render.names import base_name
from parley_operator.render.references import references
from tests.unit.operator.examples import FULL_SPEC, GOOD, MINIMAL, resource, secret, with_ingress
from tests.unit.operator.facts import (
    FACTS,
    INGRESS_NGINX,
    NOW,
    of_kind,
    parse,
    pod_template,
    the,
    with_values,
)


def config(document: dict[str, Any], facts: Facts = FACTS) -> dict[str, Any]:
    (text,) = [
        m["data"]["gateway.json"] for m in of_kind(render(parse(document), facts), "ConfigMap") if "immutable" in m
    ]
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_o16_the_embedded_configuration_says_only_what_the_spec_says() -> None:
    assert config(MINIMAL) == {
        "schema_version": 1,
        "name": "receptionist",
        "namespace": "default",
        "port": 8080,
        "agent": {"file": "/etc/parley/agent/agent.json"},
        "pipeline": {
            "stt": {"provider": "Embedded"},
            "llm": {"provider": "Embedded"},
            "tts": {"provider": "Embedded"},
        },
        "protocols": [{"name": "Native", "paths": ["/v1/voice"]}],
        "auth": {"tokens": {"token_files": ["/etc/parley/secrets/receptionist-token_token"]}},
        "limits": {
            "session_duration": 1800.0,
            "idle_timeout": 300.0,
            "sessions_per_pod": 100,
            "connections_per_pod": 1000,
        },
        "drain": {"timeout": 1800.0},
    }


def test_o02_the_full_configuration_says_everything() -> None:
    full = config(resource(**FULL_SPEC))
    assert full["agent"] == {
        "file": "/etc/parley/agent/agent.json",
        "instructions_file": "/etc/parley/agent/instructions.txt",
    }
    assert full["pipeline"]["stt"] == {
        "provider": "Deepgram",
        "model": "nova-3",
        "api_key_files": ["/etc/parley/secrets/keys_deepgram"],
        "keyterms": ["sourdough"],
        "endpointing_ms": 250,
        "utterance_end_ms": 1000,
    }
    assert full["pipeline"]["llm"]["temperature"] == 0.7
    assert full["pipeline"]["tts"]["instructions"] == "warm and calm"
    assert full["protocols"] == [{"name": "Native", "paths": ["/v1/voice", "/ws/voco-stream"]}]
    assert full["auth"]["tokens"]["token_files"] == [
        "/etc/parley/secrets/tokens_website",
        "/etc/parley/secrets/tokens_phone",
    ]


def test_o08_anonymous_must_be_said_and_then_needs_no_token() -> None:
    document = resource(auth={"anonymous": {}})
    assert config(document)["auth"] == {"anonymous": True}
    names = [m["metadata"]["name"] for m in of_kind(render(parse(document), FACTS), "Secret")]
    assert names == ["receptionist-salt"]


def test_o05_a_changed_configuration_is_another_config_map_and_old_ones_are_kept() -> None:
    before = render(parse(MINIMAL), FACTS)
    (old,) = [m["metadata"]["name"] for m in of_kind(before, "ConfigMap") if "immutable" in m]
    facts = replace(FACTS, config_maps_in_use=frozenset({old, "receptionist-config-older"}))
    after = render(parse(resource(limits={"idleTimeout": "1m"})), facts)
    (new,) = [m["metadata"]["name"] for m in of_kind(after, "ConfigMap") if "immutable" in m]
    assert new != old
    assert after.keep == {ObjectKey("ConfigMap", old), ObjectKey("ConfigMap", "receptionist-config-older")}
    assert render(parse(MINIMAL), facts).keep == {ObjectKey("ConfigMap", "receptionist-config-older")}


def test_o07_version_is_the_spec_s_then_the_one_it_has_then_the_operator_s() -> None:
    pinned, settled = resource(version="0.2"), {**MINIMAL, "status": {"version": "0.3"}}
    facts = replace(FACTS, release="0.4", images={"0.3": "example.com/gateway@sha256:00"})
    images = {
        render(parse(document), facts).version: pod_template(render(parse(document), facts))["spec"]["containers"][
            0
        ]["image"]
        for document in (pinned, settled, MINIMAL)
    }
    assert images == {
        "0.2": "example.com/parley/gateway:0.2",
        "0.3": "example.com/gateway@sha256:00",
        "0.4": "example.com/parley/gateway:0.4",
    }


@pytest.mark.parametrize(
    ("said", "requests", "limits"),
    [
        (None, {"cpu": "250m", "memory": "384Mi"}, {"cpu": "2", "memory": "1Gi"}),
        ({"limits": {"cpu": "100m"}}, {"cpu": "100m", "memory": "384Mi"}, {"cpu": "100m", "memory": "1Gi"}),
        ({"requests": {"cpu": 4}}, {"cpu": "4", "memory": "384Mi"}, {"cpu": "4", "memory": "1Gi"}),
        ({"requests": {"memory": "2048Mi"}}, {"cpu": "250m", "memory": "2Gi"}, {"cpu": "2", "memory": "2Gi"}),
    ],
)
def test_o08_defaults_give_way_to_what_is_said(
    said: Any, requests: dict[str, str], limits: dict[str, str]
) -> None:
    document = resource(pod={"resources": said}) if said else MINIMAL
    container = pod_template(render(parse(document), FACTS))["spec"]["containers"][0]
    assert container["resources"] == {"requests": requests, "limits": limits}


def test_o06_scaling_begins_at_the_minimum_and_after_a_suspension() -> None:
    vd = parse(resource(scaling={"type": "HPA", "minReplicas": 3, "maxReplicas": 9}))
    applied = {live: render(vd, replace(FACTS, replicas=live)).scale for live in (None, 0, 1, 7)}
    assert {live: scale and scale["spec"]["replicas"] for live, scale in applied.items()} == {
        None: 3,
        0: 3,
        1: None,
        7: None,
    }


def test_o06_fixed_replicas_are_applied_always() -> None:
    rendered = render(parse(resource(replicas=4)), replace(FACTS, replicas=4))
    assert rendered.scale == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "receptionist", "namespace": "default"},
        "spec": {"replicas": 4},
    }
    assert of_kind(rendered, "HorizontalPodAutoscaler") == []


def test_o03_the_user_s_annotations_win() -> None:
    read_timeout = "nginx.ingress.kubernetes.io/proxy-read-timeout"
    vd = parse(with_ingress(ingress={"annotations": {read_timeout: "7"}}))
    ingress = the(render(vd, replace(FACTS, ingress_class=INGRESS_NGINX)), "Ingress")
    assert ingress["metadata"]["annotations"][read_timeout] == "7"


def test_o03_only_the_protocols_paths_are_exposed() -> None:
    ingress = the(render(parse(resource(**FULL_SPEC)), FACTS), "Ingress")
    for rule in ingress["spec"]["rules"]:
        paths = [(path["path"], path["pathType"]) for path in rule["http"]["paths"]]
        assert paths == [("/v1/voice", "Exact"), ("/ws/voco-stream", "Exact")]


def test_o02_without_an_endpoint_the_service_is_the_address() -> None:
    assert render(parse(MINIMAL), FACTS).endpoints == (("Native", "ws://receptionist.default.svc/v1/voice"),)


def test_o05_what_is_generated_is_generated_once() -> None:
    vd = parse(with_ingress(ingress={"tls": {"selfSigned": {}}}))
    empty = replace(FACTS, salt=None, token=None, tls=None)
    first = generated.complete(vd, empty, now=NOW)
    assert first.salt
    assert first.token
    assert len(first.token) >= 43
    stored = {
        m["metadata"]["name"].removeprefix("receptionist-"): {k: base64.b64decode(v) for k, v in m["data"].items()}
        for m in of_kind(render(vd, first), "Secret")
    }
    assert set(stored) == {"salt", "token", "ca", "tls"}
    found = generated.read(stored)
    again = replace(empty, salt=found.salt, token=found.token, tls=found.tls)
    assert generated.complete(vd, again, now=NOW + timedelta(days=1)) == first
    assert stored["tls"]["ca.crt"] == stored["ca"]["tls.crt"]
    assert "tls.key" in stored["ca"]


def test_o05_generated_secrets_that_are_not_known_are_left_alone() -> None:
    vd = parse(with_ingress(ingress={"tls": {"selfSigned": {}}}))
    rendered = render(vd, replace(FACTS, salt=None, token=None, tls=None))
    assert of_kind(rendered, "Secret") == []
    assert {key.name for key in rendered.keep if key.kind == "Secret"} == {
        f"receptionist-{suffix}" for suffix in ("salt", "token", "ca", "tls")
    }


def test_o05_generated_secrets_never_show_in_a_repr() -> None:
    assert "an access token" not in repr(FACTS)
    assert "authority key" not in repr(FACTS)
    read = generated.read({"token": {"token": b"hunter2"}, "salt": {"salt": b"hunter3"}})
    assert "hunter" not in repr(read)


def test_o12_a_resource_that_no_server_has_seen_can_be_rendered() -> None:
    rendered = render(parse(MINIMAL, uid=""), FACTS)
    assert all("ownerReferences" not in manifest["metadata"] for manifest in rendered.manifests)


def test_o05_references_are_found_with_their_paths() -> None:
    found = [
        (r.target.kind, r.target.name, r.target.key, r.path) for r in references(parse(resource(**FULL_SPEC)))
    ]
    assert found == [
        ("ConfigMap", "prompts", "receptionist.txt", "spec.agent.instructionsFrom.configMapKeyRef"),
        ("Secret", "keys", "deepgram", "spec.pipeline.stt.apiKeys[0].secretKeyRef"),
        ("Secret", "keys", "anthropic", "spec.pipeline.llm.apiKeys[0].secretKeyRef"),
        ("Secret", "keys", "openai", "spec.pipeline.tts.apiKeys[0].secretKeyRef"),
        ("Secret", "tokens", "website", "spec.auth.tokens[0].secretKeyRef"),
        ("Secret", "tokens", "phone", "spec.auth.tokens[1].secretKeyRef"),
        ("Secret", "voice-certificate", "tls.crt", "spec.endpoint.ingress.tls.secretRef"),
        ("Secret", "voice-certificate", "tls.key", "spec.endpoint.ingress.tls.secretRef"),
        ("ConfigMap", "site", "region", "spec.pod.env[1].valueFrom.configMapKeyRef"),
        ("ConfigMap", "company-ca", "ca.crt", "spec.pod.trustBundle.configMapKeyRef"),
    ]


def test_o05_files_of_long_names_fit_a_file_system() -> None:
    long = secret("s" * 253, "k" * 253)
    vd = parse(resource(auth={"tokens": [long]}))
    (file,) = config(resource(auth={"tokens": [long]}))["auth"]["tokens"]["token_files"]
    assert len(file.rpartition("/")[2]) <= 255
    assert file.rpartition("/")[2] in json.dumps(pod_template(render(vd, with_values(vd))))


def test_names_are_kept_where_they_can_be_and_differ_where_not() -> None:
    assert base_name("receptionist") == "receptionist"
    long = {base_name("a" * length) for length in range(47, 254)}
    assert len(long) == 207
    assert base_name("1st.floor").startswith("vd-1st-floor-")


@given(st.integers(0, 10**6), st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi"]))
def test_quantities_keep_their_amount_in_another_spelling(number: int, unit: str) -> None:
    spelled = canonical_quantity(f"{number}{unit}")
    assert parse_quantity(spelled) == parse_quantity(f"{number}{unit}")
    assert canonical_quantity(spelled) == spelled


@pytest.mark.parametrize(
    ("text", "length"), [("500ms", 0.5), ("90s", 90), ("1h30m", 5400), ("1h1m1s1ms", 3661.001)]
)
def test_durations_are_read(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD.keys())
def test_every_good_resource_is_rendered(document: dict[str, Any]) -> None:
    vd = parse(document)
    assert render(vd, with_values(vd)).manifests

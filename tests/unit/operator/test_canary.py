"""O7: a change beside what serves: whose pods there are, and who leads how many new connections there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import Reason
from parley_operator.render import Facts, Manifest, Rendered, render
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.canary import has_same_pods, unshared
from parley_operator.render.facts import Gateway, IngressClass, Listener
from parley_operator.render.labels import all_pods
from parley_operator.render.references import Presence, ReferencedValue
from parley_operator.render.rendered import ObjectKey, object_key
from parley_operator.render.revision import restored, revised, revision_name
from tests.unit.operator.examples import KEYED_LLM, MINIMAL, resource, with_pipeline
from tests.unit.operator.facts import INGRESS_NGINX, TRAEFIK, parse, with_values
from tests.unit.operator.strategies import DOCUMENTS

ALL_APIS = frozenset(OPTIONAL)
GATEWAYS = {("infra", "main"): Gateway((Listener("https", "HTTPS", 443, None),))}
INGRESS = {"hosts": ["voice.example.com"], "ingress": {"tls": {"secretRef": {"name": "voice"}}}}
ROUTE = {"hosts": ["voice.example.com"], "gateway": {"parentRefs": [{"namespace": "infra", "name": "main"}]}}
NEW: dict[str, Any] = {"limits": {"sessionsPerPod": 7}, "agent": {"instructions": "Be new."}}
TEN: dict[str, Any] = {"rollout": {"canary": {"weightPercent": 10}}}


def pair(**spec: Any) -> tuple[VoiceDeployment, VoiceDeployment]:
    """What serves, and what is tried beside it."""
    document = resource(**{**TEN, **spec})
    changed = {**document, "spec": {**document["spec"], **NEW}}
    return parse(document), parse(changed)


def facts(main: VoiceDeployment, **known: Any) -> Facts:
    found = replace(with_values(main), apis=ALL_APIS, gateways=GATEWAYS, replicas=2, canary_available=1)
    return replace(found, **known)


def tried(*, available: int = 1, ingress_class: IngressClass = TRAEFIK, live: int = 2, **spec: Any) -> Rendered:
    main, canary = pair(**spec)
    known = facts(main, canary_available=available, ingress_class=ingress_class, replicas=live)
    return render(main, known, canary=canary)


def found(rendered: Rendered, kind: str, name: str) -> Manifest:
    return next(one for one in rendered.manifests if object_key(one) == ObjectKey(kind, name))


def replicas(rendered: Rendered) -> int:
    assert rendered.canary_scale is not None
    return int(rendered.canary_scale["spec"]["replicas"])


def names(rendered: Rendered) -> set[ObjectKey]:
    return {object_key(one) for one in rendered.manifests}


def test_o07_the_canary_has_pods_a_service_and_a_text_of_its_own_and_all_else_is_as_it_was() -> None:
    main, canary = pair(endpoint=INGRESS)
    known = facts(main, canary_available=0)
    before, beside = render(main, known), render(main, known, canary=canary)
    assert {
        key for key in names(beside) - names(before) if key.kind not in {"ConfigMap", "ControllerRevision"}
    } == {
        ObjectKey("Deployment", "receptionist-canary"),
        ObjectKey("Service", "receptionist-canary"),
        ObjectKey("NetworkPolicy", "receptionist-canary"),
    }
    unchanged = {object_key(one): one for one in beside.manifests}
    for manifest in before.manifests:
        if manifest["kind"] != "ControllerRevision":
            assert unchanged[object_key(manifest)] == manifest
    assert "Be new." in str(found(beside, "ConfigMap", "receptionist-canary-agent")["data"])
    assert "Be new." not in str(found(beside, "ConfigMap", "receptionist-agent")["data"])


def test_o07_the_history_has_what_is_tried_and_keeps_what_serves() -> None:
    main, canary = pair()
    serving = revision_name(main, "0.1")
    document = {**resource(**TEN), "status": {"currentRevision": serving}}
    known = facts(main, revisions={serving: 1})
    rendered = render(parse(document), known, canary=canary)
    [revision] = [one for one in rendered.manifests if one["kind"] == "ControllerRevision"]
    assert revision["metadata"]["name"] == revision_name(canary, "0.1")
    assert revision["revision"] == 2
    assert ObjectKey("ControllerRevision", serving) in rendered.keep


def test_o07_no_selector_of_one_finds_pods_of_the_other_and_common_ones_find_both() -> None:
    rendered = tried(endpoint=INGRESS)
    pods = {
        name: found(rendered, "Deployment", name)["spec"]["template"]["metadata"]["labels"]
        for name in ("receptionist", "receptionist-canary")
    }
    for kind in ("Deployment", "Service"):
        for name in pods:
            selector = found(rendered, kind, name)["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            assert [who for who, labels in pods.items() if wanted.items() <= labels.items()] == [name]
    shared = [("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector"), ("PodMonitor", "selector")]
    for kind, field in shared:
        selector = found(rendered, kind, "receptionist")["spec"][field]
        [components] = selector["matchExpressions"]
        for labels in pods.values():
            assert selector["matchLabels"].items() <= labels.items()
            assert labels[components["key"]] in components["values"]


@given(st.integers(1, 99), st.integers(0, 1000))
def test_o07_its_pods_are_its_share_of_all_and_at_least_one(percent: int, live: int) -> None:
    rendered = tried(
        rollout={"canary": {"weightPercent": percent}}, live=live, scaling={"type": "HPA", "maxReplicas": 9}
    )
    whole = live or 1  # an autoscaler's minimum
    assert replicas(rendered) == max(1, math.ceil(whole * percent / 100))


def test_o07_suspended_it_has_no_pods_and_no_connections() -> None:
    rendered = tried(suspend=True, available=0)
    assert replicas(rendered) == 0
    assert rendered.canary_share == 0


def test_o07_nobody_is_led_to_a_canary_before_one_of_its_pods_is_ready() -> None:
    for endpoint in (INGRESS, ROUTE):
        for ingress_class in (TRAEFIK, INGRESS_NGINX):
            rendered = tried(available=0, endpoint=endpoint, ingress_class=ingress_class)
            assert "receptionist-canary" not in str(
                [m for m in rendered.manifests if "route" in m["kind"].lower()]
            )
            assert not names(rendered) & {
                ObjectKey("Ingress", "receptionist-canary"),
                ObjectKey("IngressRoute", "receptionist-canary"),
            }


def test_o07_a_route_has_weights() -> None:
    rendered = tried(endpoint=ROUTE)
    [rule] = found(rendered, "HTTPRoute", "receptionist")["spec"]["rules"]
    weights = {backend["name"]: backend["weight"] for backend in rule["backendRefs"]}
    assert weights == {"receptionist": 90, "receptionist-canary": 10}


def test_o07_ingress_nginx_has_a_second_ingress() -> None:
    rendered = tried(endpoint=INGRESS, ingress_class=INGRESS_NGINX)
    first, second = (found(rendered, "Ingress", name) for name in ("receptionist", "receptionist-canary"))
    annotations = second["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/canary"] == "true"
    assert annotations["nginx.ingress.kubernetes.io/canary-weight"] == "10"
    assert "tls" not in second["spec"]
    led = str(first["spec"]["rules"]).replace("'receptionist'", "'receptionist-canary'")
    assert str(second["spec"]["rules"]) == led


def test_o07_traefik_has_a_route_of_its_own_kind_with_the_same_middlewares() -> None:
    limit = {"perClientIP": {"connectionsPerSecond": 5}}
    rendered = tried(endpoint={**INGRESS, "rateLimit": limit})
    route = found(rendered, "IngressRoute", "receptionist-canary")
    assert route["metadata"]["annotations"] == {"kubernetes.io/ingress.class": "traefik"}
    assert route["spec"]["tls"] == {"secretName": "voice"}
    [rule] = route["spec"]["routes"]
    assert rule["match"] == "(Host(`voice.example.com`)) && (Path(`/v1/voice`))"
    assert {one["name"]: one["weight"] for one in rule["services"]} == {
        "receptionist": 90,
        "receptionist-canary": 10,
    }
    said = found(rendered, "Ingress", "receptionist")["metadata"]["annotations"]
    middlewares = said["traefik.ingress.kubernetes.io/router.middlewares"].split(",")
    assert [f"default-{one['name']}@kubernetescrd" for one in rule["middlewares"]] == middlewares


@pytest.mark.parametrize(
    ("spec", "known", "said"),
    [
        ({}, {}, "a Service alone"),
        ({"endpoint": INGRESS}, {"ingress_class": IngressClass("kong", None)}, "to Kong"),
        ({"endpoint": INGRESS}, {"ingress_class": IngressClass("other", None)}, "to this ingress controller"),
        (
            {"endpoint": INGRESS},
            {"apis": frozenset({"Middleware"})},
            "IngressRoute, which this cluster does not serve",
        ),
        (
            {
                "endpoint": {
                    "hosts": ["a.example.com"],
                    "ingress": {"annotations": {"traefik.ingress.kubernetes.io/router.priority": "7"}},
                }
            },
            {},
            "router.priority",
        ),
    ],
)
def test_o07_who_cannot_share_is_named_beforehand(spec: dict[str, Any], known: dict[str, Any], said: str) -> None:
    main, _ = pair(**spec)
    cluster = facts(main, **known)
    assert said in (unshared(main, cluster) or "")
    [finding] = [one for one in render(main, cluster).findings if one.reason is Reason.CANARY_NOT_SHARED]
    assert said in finding.message


@pytest.mark.parametrize("rollout", [{}, {"canary": {"weightPercent": 100}}])
def test_o07_who_does_not_ask_for_a_canary_is_not_told_of_one(rollout: dict[str, Any]) -> None:
    main, _ = pair(rollout=rollout)
    assert Reason.CANARY_NOT_SHARED not in {one.reason for one in render(main, facts(main)).findings}


def test_o07_a_canary_waits_for_its_credentials_alone_and_its_condition_says_so() -> None:
    main, _ = pair()
    document = with_pipeline(llm=KEYED_LLM)
    canary = parse({**document, "spec": {**document["spec"], **TEN}})
    known = with_values(canary)
    absent = {target: ReferencedValue(Presence.OBJECT_MISSING) for target in known.values}
    rendered = render(main, facts(main, values=absent), canary=canary)
    kinds = names(rendered)
    assert ObjectKey("Deployment", "receptionist") in kinds
    assert ObjectKey("Deployment", "receptionist-canary") not in kinds
    assert ObjectKey("Deployment", "receptionist-canary") in rendered.keep
    assert Reason.SECRET_NOT_FOUND in {one.reason for one in rendered.findings}


def test_o07_what_pods_of_a_canary_alone_need_is_made() -> None:
    keys = [{"name": "backend", "valueFrom": {"secretKeyRef": {"name": "tokens", "key": "backend"}}}]
    main, _ = pair(auth={"apiKeys": keys})
    canary = parse(resource(**TEN, auth={"apiKeys": keys, "clientSecrets": {}}))
    signing = ObjectKey("Secret", "receptionist-signing")
    known = facts(main, signing_key="a key")
    assert signing in names(render(main, known, canary=canary))
    assert signing not in names(render(main, known))


@given(DOCUMENTS, st.integers(0, 9), st.booleans(), st.sampled_from(["Hello", "Hi"]))
def test_o07_what_replaces_no_pod_is_no_matter_for_a_canary(
    document: dict[str, Any], replicas: int, suspend: bool, greeting: str
) -> None:
    before = parse(document)
    spec = document["spec"]
    agent = {**spec["agent"], "greeting": greeting}
    later = {
        **spec,
        "replicas": replicas,
        "suspend": suspend,
        "agent": agent,
        "networkPolicy": {"mode": "Disabled"},
    }
    assert has_same_pods(before, parse({**document, "spec": later}))
    again = parse({**document, "spec": restored(spec, revised(before, "0.1"))})
    assert (again.spec.version != before.spec.version) or has_same_pods(before, again)


def test_o07_a_pool_that_only_the_canary_talks_to_is_there_for_it() -> None:
    pool = {"name": "voices", "role": "TTS", "image": "example.com/voices:1", "replicas": 1}
    main, _ = pair()
    canary = parse(
        resource(
            **TEN,
            pipeline={
                **MINIMAL["spec"]["pipeline"],
                "tts": {"provider": "WorkerPool", "workerPool": {"name": "voices"}, "model": "m", "voice": "v"},
            },
            workerPools=[pool],
        )
    )
    rendered = render(main, facts(main), canary=canary)
    assert ObjectKey("Deployment", "receptionist-pool-voices") in names(rendered)
    policy = found(rendered, "NetworkPolicy", "receptionist-pool-voices")
    [peer] = policy["spec"]["ingress"][0]["from"]
    assert peer["podSelector"] == all_pods(main)

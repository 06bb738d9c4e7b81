"""O8: with whom the gateway's pods may talk, as `tests/unit/enforcer/judge.py` reads policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from parley_operator.api.conditions import Reason
from parley_operator.api.spec import VoiceDeploymentSpec
from parley_operator.api.values import BaseUrl
from parley_operator.render import Facts, Manifest, render
from parley_operator.render.addresses import Address
from parley_operator.render.destinations import destinations
from parley_operator.render.labels import all_pods
from parley_operator.render.network_policy import NAMESPACE_LABEL, OPERATOR
from parley_operator.render.references import ValueId
from tests.unit.enforcer.judge import Connection, End, permits
from tests.unit.operator.examples import ENGINE_SPEC, MINIMAL, resource, secret, with_pipeline
from tests.unit.operator.facts import FACTS, of_kind, parse, the, with_values

PUBLIC, PRIVATE, METADATA, API_SERVER = "142.250.1.1", "10.20.0.7", "169.254.169.254", "172.20.0.1"
(IS_URL,) = get_args(BaseUrl)[1:]
REDIS = {"redis": {"url": secret("redis", "url")}}


def policy(document: dict[str, Any] = MINIMAL, facts: Facts | None = None) -> Manifest:
    parsed = parse(document)
    return the(render(parsed, facts or with_values(parsed)), "NetworkPolicy")


def egress(document: dict[str, Any] = MINIMAL, facts: Facts | None = None) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = policy(document, facts)["spec"]["egress"]
    return rules


def allows(
    rules: list[dict[str, Any]], port: int, *, ip: str = "", namespace: str = "", udp: bool = False
) -> bool:
    """Whether a connection may be made: to an address, or to any pod of a namespace."""
    target = End(ip, namespace, namespace_labels={NAMESPACE_LABEL: namespace})
    connection = Connection(End(namespace="default"), target, port, "UDP" if udp else "TCP")
    return permits({"metadata": {"namespace": "default"}, "spec": {"egress": rules}}, "Egress", connection)


def with_llm(url: str) -> dict[str, Any]:
    return with_pipeline(llm={"provider": "OpenAICompatible", "baseURL": url, "model": "m"})


def test_o08_it_holds_the_gateways_pods() -> None:
    spec = policy()["spec"]
    assert spec["podSelector"] == all_pods(parse(MINIMAL))
    assert spec["policyTypes"] == ["Ingress", "Egress"]


def test_o08_everybody_reaches_the_gateways_port_and_no_other() -> None:
    assert policy()["spec"]["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8080}]}]


def test_o08_or_those_alone_who_are_named() -> None:
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}
    prometheus = {
        "namespaceSelector": {},
        "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["prometheus"]}]},
    }
    office = {"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]}}
    document = resource(networkPolicy={"ingressFrom": [controller, prometheus, office]})
    assert policy(document)["spec"]["ingress"] == [
        {"from": [controller, prometheus, office], "ports": [{"protocol": "TCP", "port": 8080}]}
    ]


@pytest.mark.parametrize(
    ("scaling", "operator", "let_in"),
    [
        ({"type": "HPA", "maxReplicas": 4}, "parley-system", True),
        ({"type": "HPA", "maxReplicas": 4}, None, False),
        ({"type": "Fixed"}, "parley-system", False),
    ],
)
def test_o08_the_operator_is_let_in_where_it_asks_for_sessions(
    scaling: dict[str, Any], operator: str | None, *, let_in: bool
) -> None:
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}
    document = resource(networkPolicy={"ingressFrom": [controller]}, scaling=scaling)
    asks = End("10.88.0.9", "parley-system", OPERATOR, {"kubernetes.io/metadata.name": "parley-system"})
    other = replace(asks, labels={})
    made = policy(document, replace(with_values(parse(document)), operator_namespace=operator))
    assert [permits(made, "Ingress", Connection(end, End(), 8080)) for end in (asks, other)] == [let_in, False]
    everybody = resource(scaling=scaling)
    facts = replace(with_values(parse(everybody)), operator_namespace="parley-system")
    assert policy(everybody, facts)["spec"]["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8080}]}]


def test_o08_names_can_be_looked_up_wherever_the_resolver_is() -> None:
    for udp in (True, False):
        assert allows(egress(), 53, ip="169.254.20.10", udp=udp)
        assert allows(egress(), 53, namespace="kube-system", udp=udp)
        assert allows(egress(), 5353, namespace="openshift-dns", udp=udp)
        assert not allows(egress(), 5353, ip=PUBLIC, udp=udp)


def test_o08_https_leads_to_public_addresses_alone() -> None:
    assert allows(egress(), 443, ip=PUBLIC)
    assert allows(egress(), 443, ip="2607:f8b0::1")
    for private in (PRIVATE, METADATA, API_SERVER, "192.168.1.1", "100.64.3.3", "fd00::1", "fe80::1"):
        assert not allows(egress(), 443, ip=private), private
    assert not allows(egress(), 443, namespace="default")


def test_o08_nothing_else_is_open() -> None:
    for port in (22, 25, 80, 5432, 6379, 6443, 8080):
        assert not allows(egress(), port, ip=PUBLIC)
        assert not allows(egress(), port, ip=PRIVATE)
        assert not allows(egress(), port, namespace="default")


@pytest.mark.parametrize(
    ("url", "namespace"),
    [
        ("http://litellm:4000/v1", "default"),
        ("http://litellm.models:4000/v1", "models"),
        ("http://litellm.models.svc/v1", "models"),
        ("http://litellm.models.svc.cluster.local/v1", "models"),
        ("http://llm-0.llm.models.svc.cluster.local:4000/v1", "models"),
        ("https://litellm.models.svc/v1", "models"),
    ],
)
def test_o08_the_name_of_a_service_opens_its_namespace_whatever_port_its_pods_have(
    url: str, namespace: str
) -> None:
    rules = egress(with_llm(url))
    assert allows(rules, 8000, namespace=namespace)
    assert not allows(rules, 8000, namespace="kube-system")
    assert not allows(rules, 8000, ip=PRIVATE)


def test_o08_an_address_opens_itself() -> None:
    rules = egress(with_llm("http://10.20.0.7:4000/v1"))
    assert allows(rules, 4000, ip=PRIVATE)
    assert not allows(rules, 4000, ip="10.20.0.8")
    assert not allows(rules, 4001, ip=PRIVATE)
    assert allows(egress(with_llm("https://[fd00::7]/v1")), 443, ip="fd00::7")


def test_o08_any_other_name_opens_its_port() -> None:
    """A name does not tell whether its address is private; HTTPS stays closed to private ones all the same."""
    rules = egress(with_llm("https://llm.example.com:8443/v1"))
    assert allows(rules, 8443, ip=PUBLIC)
    assert allows(rules, 8443, ip=PRIVATE)
    assert egress(with_llm("https://llm.example.com/v1")) == egress()


def test_o08_what_is_declared_is_open() -> None:
    declared = {"to": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    rules = egress(resource(networkPolicy={"additionalEgress": [declared]}))
    assert rules[-1] == declared
    assert allows(rules, 443, ip=PRIVATE)


def test_o08_a_url_in_a_secret_is_as_good_as_one_in_the_spec() -> None:
    parsed = parse(resource(sessions=REDIS))
    known = {ValueId("Secret", "redis", "url"): (Address("redis-master.data.svc", 6379),)}
    facts = replace(with_values(parsed), addresses=known)
    assert allows(egress(resource(sessions=REDIS), facts), 6379, namespace="data")
    assert not render(parsed, facts).findings


def test_o08_a_database_outside_the_cluster_may_have_a_private_address() -> None:
    document = resource(records={"postgres": {"url": secret("pg", "uri")}})
    known = {ValueId("Secret", "pg", "uri"): (Address("db.eu-west-1.rds.example.com", 5432),)}
    facts = replace(with_values(parse(document)), addresses=known)
    assert allows(egress(document, facts), 5432, ip=PRIVATE)


def test_o08_a_proxy_is_reached() -> None:
    env = [{"name": "https_proxy", "value": "http://proxy.example.com:3128"}]
    assert allows(egress(resource(pod={"env": env})), 3128, ip=PRIVATE)


def egress_findings(document: dict[str, Any], facts: Facts | None = None) -> list[str]:
    parsed = parse(document)
    findings = render(parsed, facts or with_values(parsed)).findings
    return [finding.message for finding in findings if finding.reason is Reason.EGRESS_NOT_KNOWN]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (resource(sessions=REDIS), "spec.sessions.redis.url"),
        (with_llm("https://llm.corp.internal/v1"), "spec.pipeline.llm.baseURL (llm.corp.internal)"),
        (
            resource(pod={"env": [{"name": "HTTPS_PROXY", "valueFrom": secret("proxy", "url")}]}),
            "spec.pod.env[0]",
        ),
    ],
)
def test_o08_what_cannot_be_known_must_be_declared(document: dict[str, Any], said: str) -> None:
    (message,) = egress_findings(document)
    assert message.startswith(said)
    assert "networkPolicy.additionalEgress" in message
    disabled = {**document, "spec": {**document["spec"], "networkPolicy": {"mode": "Disabled"}}}
    assert egress_findings(disabled) == []


def test_o08_where_nothing_is_known_of_a_cluster_nothing_is_said() -> None:
    assert egress_findings(resource(sessions=REDIS), FACTS) == []


def test_o08_disabled_is_no_policy() -> None:
    rendered = render(parse(resource(networkPolicy={"mode": "Disabled"})), FACTS)
    assert of_kind(rendered, "NetworkPolicy") == []


def test_o08_every_url_of_a_spec_is_a_destination() -> None:
    parsed = parse(resource(**ENGINE_SPEC))
    known = {destination.path for destination in destinations(parsed, with_values(parsed))}
    assert {path for path in urls(parsed.spec, "spec") if path not in known} == set()
    assert len(known) >= 6


def urls(value: object, path: str) -> Iterator[str]:
    """Paths of all values whose type is a URL to connect to."""
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from urls(item, f"{path}[{index}]")
    if not isinstance(value, BaseModel):
        return
    for name, field in type(value).model_fields.items():
        inner, at = getattr(value, name), f"{path}.{field.alias or name}"
        if inner is not None and IS_URL in (*field.metadata, *_of_union(field.annotation)):
            yield at
        yield from urls(inner, at)


def _of_union(annotation: Any) -> Iterator[Any]:
    for part in getattr(annotation, "__args__", ()):
        yield from getattr(part, "__metadata__", ())


def test_o08_the_walk_over_urls_sees_them() -> None:
    spec = VoiceDeploymentSpec.model_validate_json(
        parse(with_llm("http://litellm:4000/v1")).spec.model_dump_json()
    )
    assert list(urls(spec, "spec")) == ["spec.pipeline.llm.baseURL"]

"""O2, O8: what pods of an earlier template are let out to, beside what the spec leads to now."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given

from parley_operator.render import Manifest, Rendered, render
from parley_operator.render.former_egress import Rule, is_gateways_policy, with_former_egress
from parley_operator.render.network_policy import NAMESPACE_LABEL
from tests.unit.enforcer.judge import Connection, End, permits
from tests.unit.operator.examples import MINIMAL, resource, with_pipeline
from tests.unit.operator.facts import FACTS, TRAEFIK, of_kind, parse, with_values
from tests.unit.operator.strategies import DOCUMENTS
from tests.unit.operator.worker_examples import GOOD_POOLS

PORTS = (53, 443, 3128, 4000, 8000, 8080)
ENDS = (
    *(End(address) for address in ("142.250.1.1", "10.20.0.7", "192.168.1.7", "fd00::7", "169.254.169.254")),
    *(End(namespace=name, namespace_labels={NAMESPACE_LABEL: name}) for name in ("default", "models")),
)
CONNECTIONS = [Connection(End(namespace="default"), end, port) for end, port in product(ENDS, PORTS)]


def rendered(document: dict[str, Any]) -> Rendered:
    parsed = parse(document)
    return render(parsed, with_values(parsed))


def policies(found: Rendered) -> list[Manifest]:
    return [one for one in found.manifests if is_gateways_policy(one)]


def egress(found: Rendered) -> list[Rule]:
    return [rule for policy in policies(found) for rule in policy["spec"]["egress"]]


def let_out(found: Rendered) -> list[bool]:
    """For each of the connections, whether it may be made."""
    return [any(permits(policy, "Egress", one) for policy in policies(found)) for one in CONNECTIONS]


def with_llm(url: str) -> dict[str, Any]:
    return with_pipeline(llm={"provider": "OpenAICompatible", "baseURL": url, "model": "m"})


def as_text(rules: list[Rule]) -> set[str]:
    return {json.dumps(rule, sort_keys=True) for rule in rules}


@given(DOCUMENTS, DOCUMENTS)
def test_o08_pods_reach_what_either_spec_leads_to_and_nothing_else(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    old, new = rendered(before), rendered(after)
    wide = with_former_egress(new, egress(old))
    if not policies(new):
        assert wide is new
        return
    assert as_text(egress(wide)) == as_text(egress(new)) | as_text(egress(old))
    assert egress(wide)[: len(egress(new))] == egress(new)
    assert let_out(wide) == [now or then for now, then in zip(let_out(new), let_out(old), strict=True)]


@given(DOCUMENTS, DOCUMENTS)
def test_o02_what_is_held_open_stays_as_it_is_and_nothing_else_is_touched(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    new = rendered(after)
    wide = with_former_egress(new, egress(rendered(before)))
    assert with_former_egress(new, egress(wide)) == wide
    others = [one for one in wide.manifests if not is_gateways_policy(one)]
    assert others == [one for one in new.manifests if not is_gateways_policy(one)]
    assert replace(wide, manifests=new.manifests) == new


@given(DOCUMENTS)
def test_o02_what_the_spec_leads_to_anyway_changes_no_byte(document: dict[str, Any]) -> None:
    found = rendered(document)
    assert with_former_egress(found, egress(found)) is found
    assert with_former_egress(found, []) is found


def test_o07_o08_what_a_canary_leads_to_is_in_its_own_policy_and_stays_in_the_main_one_when_it_is_given_up() -> (
    None
):
    ingress = {"hosts": ["voice.example.com"], "ingress": {"tls": {"secretRef": {"name": "voice"}}}}
    main = parse(resource(endpoint=ingress, rollout={"canary": {"weightPercent": 10}}))
    document = with_llm("http://vllm.models:8000/v1")
    tried = parse({**document, "spec": {**document["spec"], "endpoint": ingress}})
    beside = render(main, replace(with_values(main), ingress_class=TRAEFIK, replicas=2), canary=tried)
    assert len(policies(beside)) == 2
    assert with_former_egress(beside, egress(beside)) is beside
    given_up = with_former_egress(render(main, with_values(main)), egress(beside))
    [policy] = policies(given_up)
    assert policy["metadata"]["name"] == "receptionist"
    models = Connection(End(namespace="default"), ENDS[-1], 8000)
    assert permits(policy, "Egress", models)


def test_o09_policies_of_worker_pools_are_left_alone() -> None:
    found = rendered(GOOD_POOLS["pools for both"])
    wide = with_former_egress(found, [{"ports": [{"protocol": "TCP", "port": 1}]}])
    own = [one for one in of_kind(found, "NetworkPolicy") if not is_gateways_policy(one)]
    assert own
    assert [one for one in of_kind(wide, "NetworkPolicy") if not is_gateways_policy(one)] == own
    assert len(egress(wide)) == len(egress(found)) + 1


def test_o08_without_a_policy_nothing_needs_to_be_held_open() -> None:
    disabled = render(parse(resource(networkPolicy={"mode": "Disabled"})), FACTS)
    assert with_former_egress(disabled, egress(rendered(MINIMAL))) is disabled

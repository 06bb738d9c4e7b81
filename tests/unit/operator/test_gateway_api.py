"""O3, O4: routes of the Gateway API. The files in golden/gateway_api/ are reviewed like code.

`python -m tests.unit.operator.test_gateway_api` writes them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.api.yaml_text import as_yaml_stream
from parley_operator.render import Rendered, render
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Gateway, Listener
from parley_operator.route_status import route_verdict
from parley_operator.views import route as route_view
from tests.unit.operator.examples import with_gateway
from tests.unit.operator.facts import FACTS, of_kind, parse, the

GOLDEN = Path(__file__).parent / "golden" / "gateway_api"
HTTP = Listener("http", "HTTP", 80, None)
HTTPS = Listener("https", "HTTPS", 443, "*.example.com")
ELSEWHERE = Listener("elsewhere", "HTTPS", 443, "*.example.org")
DATABASE = Listener("database", "TCP", 5432, None)
BOTH = Gateway((HTTP, HTTPS, ELSEWHERE, DATABASE))
AT = ("infra", "main")
ALL_APIS = frozenset(kind for kind, api in OPTIONAL.items() if api.group != "monitoring.coreos.com")
CONTROLLERS = {
    "envoy-gateway": "gateway.envoyproxy.io/gatewayclass-controller",
    "istio": "istio.io/gateway-controller",
    "kong": "konghq.com/kic-gateway-controller",
    "traefik": "traefik.io/gateway-controller",
    "other": "example.com/gateway-controller",
}
LIMIT = {"perClientIP": {"connectionsPerSecond": 50}}


def rendered(
    *,
    gateways: Mapping[tuple[str, str], Gateway | None] | None = None,
    controllers: frozenset[str] = frozenset(),
    apis: frozenset[str] = ALL_APIS,
    **endpoint: Any,
) -> Rendered:
    known: Mapping[tuple[str, str], Gateway | None] = {AT: BOTH} if gateways is None else gateways
    facts = replace(FACTS, apis=apis, gateways=known, route_controllers=controllers, ingress_class=None)
    return render(parse(with_gateway(**endpoint)), facts)


def golden(controller: str) -> str:
    found = rendered(
        controllers=frozenset({CONTROLLERS[controller]}),
        rateLimit=LIMIT,
        hsts="Enabled",
        connection={"idleTimeout": "10m"},
    )
    service = the(found, "Service")["metadata"].get("annotations", {})
    findings = [f"{f.condition}: {f.reason}: {f.message}" for f in found.findings]
    ours = {f"{m['kind']}/{m['metadata']['name']}": m["spec"] for m in found.manifests if m["kind"] in OPTIONAL}
    return as_yaml_stream([{"service": service, "findings": findings, **ours}])


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_o03_routes_and_what_hangs_on_them_are_what_was_reviewed(controller: str) -> None:
    assert golden(controller) == (GOLDEN / f"{controller}.yaml").read_text()


def attached(found: Rendered, name: str = "receptionist") -> list[str | None]:
    (route,) = [m for m in of_kind(found, "HTTPRoute") if m["metadata"]["name"] == name]
    return [parent.get("sectionName") for parent in route["spec"]["parentRefs"]]


def test_o04_listeners_with_tls_serve_and_those_without_redirect() -> None:
    found = rendered()
    assert attached(found) == ["https"]
    assert attached(found, "receptionist-redirect") == ["http"]
    assert found.endpoints == (("Native", "wss://voice.example.com/v1/voice"),)


def test_o03_with_no_listener_with_tls_the_others_serve_in_the_clear() -> None:
    found = rendered(gateways={AT: Gateway((HTTP, ELSEWHERE))})
    assert [m["metadata"]["name"] for m in of_kind(found, "HTTPRoute")] == ["receptionist"]
    assert found.endpoints == (("Native", "ws://voice.example.com/v1/voice"),)


def test_o03_what_is_not_known_of_a_gateway_is_left_to_its_controller() -> None:
    found = rendered(gateways={})
    assert attached(found) == [None]
    assert found.endpoints == (("Native", "wss://voice.example.com/v1/voice"),)


def test_o03_a_listener_that_is_named_is_the_only_one() -> None:
    found = rendered(gateway={"parentRefs": [{"namespace": "infra", "name": "main", "sectionName": "http"}]})
    assert attached(found) == ["http"]
    assert len(of_kind(found, "HTTPRoute")) == 1


def test_o04_hsts_is_said_only_where_it_is_asked_for_and_tls_is_there() -> None:
    plain = {AT: Gateway((HTTP,))}
    for found in (rendered(), rendered(hsts="Enabled", gateways=plain)):
        assert "Strict-Transport-Security" not in str(the_rules(found))
    assert "max-age=31536000" in str(the_rules(rendered(hsts="Enabled")))


def the_rules(found: Rendered) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = of_kind(found, "HTTPRoute")[0]["spec"]["rules"]
    return rules


def test_o03_many_paths_become_several_rules() -> None:
    """A rule holds 64 matches."""
    paths = [f"/v1/voice/{number}" for number in range(16)]
    calls = [f"/calls/{number}" for number in range(16)]
    health = [f"/healthy/{number}" for number in range(17 - 1)]
    found = rendered(
        protocols=[{"name": "Native", "paths": paths}, {"name": "Twilio", "paths": calls}], healthPaths=health
    )
    assert [len(rule["matches"]) for rule in the_rules(found)] == [64]
    served = {match["path"]["value"] for rule in the_rules(found) for match in rule["matches"]}
    assert served == {*paths, *calls, *(f"{path}/voice" for path in calls), *health}


def test_o03_without_the_api_nothing_is_made_and_it_is_said() -> None:
    found = rendered(apis=frozenset())
    assert not of_kind(found, "HTTPRoute")
    (finding,) = found.findings
    assert (finding.condition, finding.reason) == (ConditionType.ENDPOINT_READY, Reason.GATEWAY_API_NOT_SERVED)


def test_o03_a_gateway_that_is_not_there_is_named() -> None:
    (finding,) = rendered(gateways={AT: None}).findings
    assert finding.reason is Reason.GATEWAY_NOT_FOUND
    assert (
        finding.message == "there is no Gateway main in namespace infra: endpoint.gateway.parentRefs[0] needs it"
    )


def test_o03_a_controller_is_told_nothing_before_it_answered() -> None:
    assert not of_kind(rendered(), "BackendTrafficPolicy")
    assert rendered().findings == ()


def test_o02_a_host_of_an_older_resource_gets_no_route() -> None:
    facts = replace(FACTS, apis=ALL_APIS, taken_hosts={"voice.example.com": "default/older"})
    found = render(parse(with_gateway()), facts)
    assert not of_kind(found, "HTTPRoute")
    assert found.endpoints == ()


def live(*conditions: tuple[str, str, str, str], generation: int = 3, seen: int = 3) -> dict[str, Any]:
    """A route's view, with what one controller says of it."""
    said = [
        {"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": seen}
        for kind, status, reason, message in conditions
    ]
    ref = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "main", "namespace": "infra"}
    parents = [{"parentRef": ref, "controllerName": "example.com/c", "conditions": said}] if said else []
    metadata = {"name": "receptionist", "namespace": "default", "generation": generation}
    wanted = {"name": "main", "namespace": "infra"}
    return route_view({"metadata": metadata, "spec": {"parentRefs": [wanted]}, "status": {"parents": parents}})


ACCEPTED = ("Accepted", "True", "Accepted", "")
RESOLVED = ("ResolvedRefs", "True", "ResolvedRefs", "")


@pytest.mark.parametrize(
    ("route", "status", "reason", "says"),
    [
        (None, "Unknown", Reason.ROUTE_PENDING, "being made"),
        (live(), "Unknown", Reason.ROUTE_PENDING, "No controller has answered for Gateway infra/main."),
        (live(ACCEPTED, RESOLVED, seen=2), "Unknown", Reason.ROUTE_PENDING, "No controller has answered"),
        (
            live(("Accepted", "False", "NotAllowedByListeners", "no listener allows it"), RESOLVED),
            "False",
            Reason.ROUTE_NOT_ACCEPTED,
            "Gateway infra/main says NotAllowedByListeners: no listener allows it. Read",
        ),
        (
            live(ACCEPTED, ("ResolvedRefs", "False", "BackendNotFound", "no Service")),
            "False",
            Reason.ROUTE_NOT_RESOLVED,
            "Gateway infra/main says BackendNotFound: no Service. Read",
        ),
    ],
)
def test_o03_what_a_controller_says_of_a_route_is_said_to_people(
    route: dict[str, Any] | None, status: str, reason: Reason, says: str
) -> None:
    verdict = route_verdict(route)
    assert verdict is not None
    assert (verdict.status, verdict.reason) == (status, reason)
    assert says in verdict.message


def test_o03_a_route_that_every_parent_accepted_is_ready() -> None:
    assert route_verdict(live(ACCEPTED, RESOLVED)) is None


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in CONTROLLERS:
        (GOLDEN / f"{name}.yaml").write_text(golden(name))

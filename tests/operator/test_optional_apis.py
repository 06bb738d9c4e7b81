"""O2, O3: what is made of other projects' kinds, against their own definitions on a real API server.

No controller runs: the tests write what one would say into the status.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.kube.client import Client
from tests.operator import definitions
from tests.operator.cluster import Json, Namespace
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

ENVOY = "gateway.envoyproxy.io/gatewayclass-controller"
MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
LISTENERS = {
    "http": {"name": "http", "protocol": "HTTP", "port": 80},
    "https": {
        "name": "https",
        "protocol": "HTTPS",
        "port": 443,
        "tls": {"certificateRefs": [{"name": "certificate"}]},
    },
}


@pytest.fixture
def plane(changing_plane: ControlPlane) -> ControlPlane:
    return changing_plane


@pytest.fixture
def operator(cluster_operator: OperatorProcess) -> OperatorProcess:
    return cluster_operator


async def class_of(client: Client, name: str, controller: str) -> None:
    path = f"/apis/networking.k8s.io/v1/ingressclasses/{name}"
    body = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name}}
    await client.apply(path, {**body, "spec": {"controller": controller}}, field_manager="test", force=True)


def host(namespace: Namespace) -> str:
    """Of this test alone: the operator sees those of the others."""
    return f"{namespace.name}.example.com"


def gateway(*listeners: str) -> Json:
    spec = {"gatewayClassName": "any", "listeners": [LISTENERS[name] for name in listeners]}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "metadata": {"name": "main"}, "spec": spec}


def through_gateway(namespace: Namespace) -> dict[str, Any]:
    return {
        "hosts": [host(namespace)],
        "gateway": {"parentRefs": [{"name": "main"}]},
        "rateLimit": {"perClientIP": {"connectionsPerSecond": 50}},
        "hsts": "Enabled",
    }


def sections(route: Json | None) -> list[str | None]:
    return [parent.get("sectionName") for parent in route["spec"]["parentRefs"]] if route else []


async def answer(namespace: Namespace, *, accepted: bool = True, controller: str = ENVOY) -> None:
    """Say of the route what a controller says."""
    route = await namespace.until_exists("HTTPRoute", "receptionist")
    shared = {
        "observedGeneration": route["metadata"]["generation"],
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    reason = "Accepted" if accepted else "NotAllowedByListeners"
    conditions = [
        {"type": "Accepted", "status": str(accepted), "reason": reason, "message": "as it says", **shared},
        {"type": "ResolvedRefs", "status": "True", "reason": "ResolvedRefs", "message": "", **shared},
    ]
    parents = [
        {"parentRef": parent, "controllerName": controller, "conditions": conditions}
        for parent in route["spec"]["parentRefs"]
    ]
    await namespace.patch("HTTPRoute", "receptionist", {"status": {"parents": parents}}, "status")


@pytest.mark.usefixtures("operator")
async def test_o03_a_route_is_made_once_the_gateway_api_is_there(namespace: Namespace) -> None:
    await definitions.remove(namespace.client, definitions.gateway_api())
    await namespace.voice("receptionist", endpoint=through_gateway(namespace))
    said = await namespace.until_condition("receptionist", "EndpointReady", "False", "GatewayApiNotServed")
    assert "install the Gateway API" in said["message"]
    await definitions.install(namespace.client, definitions.gateway_api())
    said = await namespace.until_condition("receptionist", "EndpointReady", "False", "GatewayNotFound")
    assert f"there is no Gateway main in namespace {namespace.name}" in said["message"]
    await namespace.create("Gateway", gateway("https"))
    await namespace.until_condition("receptionist", "EndpointReady", "Unknown", "RoutePending")
    await answer(namespace)
    said = await namespace.until_condition("receptionist", "EndpointReady", "True", "Routed")
    assert said["message"] == f"wss://{host(namespace)}/v1/voice is routed to the pods."
    route = await namespace.get("HTTPRoute", "receptionist")
    assert route["spec"]["rules"][0]["timeouts"] == {"request": "0s"}
    assert route["metadata"]["ownerReferences"][0]["name"] == "receptionist"


@pytest.mark.usefixtures("operator")
async def test_o03_what_a_controller_says_of_a_route_is_said_to_people(namespace: Namespace) -> None:
    await definitions.install(namespace.client, definitions.gateway_api())
    await namespace.create("Gateway", gateway("https"))
    await namespace.voice("receptionist", endpoint=through_gateway(namespace))
    await answer(namespace, accepted=False)
    said = await namespace.until_condition("receptionist", "EndpointReady", "False", "RouteNotAccepted")
    assert f"Gateway {namespace.name}/main says NotAllowedByListeners: as it says" in said["message"]
    await answer(namespace)
    await namespace.until_condition("receptionist", "EndpointReady", "True", "Routed")


@pytest.mark.usefixtures("operator")
async def test_o04_a_listener_for_plain_http_redirects_as_soon_as_it_is_there(namespace: Namespace) -> None:
    await definitions.install(namespace.client, definitions.gateway_api())
    await namespace.create("Gateway", gateway("https"))
    await namespace.voice("receptionist", endpoint=through_gateway(namespace))
    await namespace.until("HTTPRoute", "receptionist", lambda route: sections(route) == [None])
    await namespace.patch("Gateway", "main", {"spec": gateway("http", "https")["spec"]})
    redirect = await namespace.until_exists("HTTPRoute", "receptionist-redirect")
    assert sections(redirect) == ["http"]
    assert redirect["spec"]["rules"][0]["filters"][0]["requestRedirect"]["statusCode"] == 301
    await namespace.until("HTTPRoute", "receptionist", lambda route: sections(route) == ["https"])
    await namespace.patch("Gateway", "main", {"spec": gateway("https")["spec"]})
    await namespace.until_gone("HTTPRoute", "receptionist-redirect")


@pytest.mark.usefixtures("operator")
async def test_o03_envoy_gateway_gets_its_policy_once_it_answered(namespace: Namespace) -> None:
    await definitions.install(namespace.client, [*definitions.gateway_api(), *definitions.envoy_gateway()])
    await namespace.create("Gateway", gateway("https"))
    await namespace.voice("receptionist", endpoint=through_gateway(namespace))
    await answer(namespace)
    policy = await namespace.until_exists("BackendTrafficPolicy", "receptionist")
    assert policy["spec"]["timeout"]["http"] == {"requestTimeout": "0s", "streamIdleTimeout": "300s"}
    assert policy["spec"]["loadBalancer"]["consistentHash"]["cookie"]["name"] == "parley"
    await namespace.edit("receptionist", endpoint=None)
    await namespace.until_gone("BackendTrafficPolicy", "receptionist")
    await namespace.until_gone("HTTPRoute", "receptionist")


@pytest.mark.usefixtures("operator")
async def test_o02_a_route_that_somebody_edits_or_deletes_comes_back(namespace: Namespace) -> None:
    await definitions.install(namespace.client, definitions.gateway_api())
    await namespace.create("Gateway", gateway("https"))
    await namespace.voice("receptionist", endpoint=through_gateway(namespace))
    route = await namespace.until_exists("HTTPRoute", "receptionist")
    await namespace.patch("HTTPRoute", "receptionist", {"spec": {"hostnames": ["theirs.example.com"]}})
    await namespace.until("HTTPRoute", "receptionist", lambda r: bool(r) and hostnames(r) == [host(namespace)])
    await namespace.delete("HTTPRoute", "receptionist")
    uid = route["metadata"]["uid"]
    await namespace.until("HTTPRoute", "receptionist", lambda r: r is not None and r["metadata"]["uid"] != uid)


def hostnames(route: Json | None) -> list[str]:
    return list(route["spec"]["hostnames"]) if route else []


@pytest.mark.usefixtures("operator")
async def test_o03_traefik_s_middlewares_come_and_go_with_their_definition(namespace: Namespace) -> None:
    await definitions.remove(namespace.client, definitions.traefik())
    endpoint = {
        "hosts": [host(namespace)],
        "ingress": {"className": "traefik", "tls": {"secretRef": {"name": "voice"}}},
        "rateLimit": {"perClientIP": {"connectionsPerSecond": 50, "burst": 100}},
        "healthPaths": ["/up"],
        "allowedOrigins": ["https://example.com", "https://*.example.org"],
    }
    await namespace.voice("receptionist", endpoint=endpoint)
    ingress = await namespace.until_exists("Ingress", "receptionist")
    assert MIDDLEWARES not in ingress["metadata"]["annotations"]
    said = await namespace.until_condition("receptionist", "SettingsHonoured", "False")
    assert "objects of kind Middleware (traefik.io), which this cluster does not serve" in said["message"]

    await definitions.install(namespace.client, definitions.traefik())
    names = [f"{namespace.name}-receptionist-{suffix}@kubernetescrd" for suffix in ("hsts", "rate", "cors")]
    await namespace.until("Ingress", "receptionist", has_annotation(MIDDLEWARES, ",".join(names)))
    redirect = f"{namespace.name}-receptionist-redirect@kubernetescrd"
    await namespace.until("Ingress", "receptionist-redirect", has_annotation(MIDDLEWARES, redirect))
    for suffix in ("hsts", "rate", "cors", "redirect"):
        await namespace.get("Middleware", f"receptionist-{suffix}")
    await namespace.delete("Middleware", "receptionist-hsts")
    await namespace.until_exists("Middleware", "receptionist-hsts")
    await namespace.edit("receptionist", endpoint={"hsts": "Disabled"})
    await namespace.until_gone("Middleware", "receptionist-hsts")

    await definitions.remove(namespace.client, definitions.traefik())
    await namespace.until("Ingress", "receptionist", lambda body: MIDDLEWARES not in annotations_of(body))
    await namespace.until_gone("Ingress", "receptionist-redirect")


def annotations_of(body: Json | None) -> dict[str, str]:
    return (body or {"metadata": {}})["metadata"].get("annotations") or {}


def has_annotation(name: str, value: str) -> Callable[[Json | None], bool]:
    return lambda body: annotations_of(body).get(name) == value


@pytest.mark.usefixtures("operator")
async def test_o03_istio_s_destination_rule_is_accepted_by_its_definition(namespace: Namespace) -> None:
    await definitions.install(namespace.client, definitions.istio())
    await class_of(namespace.client, "istio", "istio.io/ingress-controller")
    await namespace.voice("receptionist", endpoint={"hosts": [host(namespace)], "ingress": {"className": "istio"}})
    rule = await namespace.until_exists("DestinationRule", "receptionist")
    assert rule["spec"]["host"] == "receptionist"


@pytest.mark.usefixtures("operator")
async def test_o03_kong_s_policy_and_plugins_are_accepted_by_their_definitions(namespace: Namespace) -> None:
    await definitions.install(namespace.client, definitions.kong())
    await class_of(namespace.client, "kong", "ingress-controllers.konghq.com/kong")
    endpoint = {
        "hosts": [host(namespace)],
        "ingress": {"className": "kong", "tls": {"secretRef": {"name": "voice"}}},
        "rateLimit": {"perClientIP": {"connectionsPerSecond": 50, "burst": 100}},
        "healthPaths": ["/up"],
        "allowedOrigins": ["https://example.com", "https://*.example.org"],
    }
    await namespace.voice("receptionist", endpoint=endpoint)
    policy = await namespace.until_exists("KongUpstreamPolicy", "receptionist")
    assert policy["spec"]["hashOn"] == {"cookie": "parley", "cookiePath": "/"}
    plugins = {
        "body": "request-size-limiting",
        "hsts": "response-transformer",
        "rate": "rate-limiting",
        "cors": "cors",
    }
    for suffix, plugin in plugins.items():
        found = await namespace.until_exists("KongPlugin", f"receptionist-{suffix}")
        assert found["plugin"] == plugin
    names = ",".join(f"receptionist-{suffix}" for suffix in plugins)
    await namespace.until("Ingress", "receptionist", has_annotation("konghq.com/plugins", names))
    await namespace.edit("receptionist", endpoint={"rateLimit": None})
    await namespace.until_gone("KongPlugin", "receptionist-rate")

"""O12: `parley diff` shows the images that the cluster's operator would use, as far as anybody may see."""

from __future__ import annotations

from typing import Any

import pytest

from parley_cli.gateway_images import GatewayImages, of_gateway, of_operator
from parley_cli.operators import serves
from parley_cli.release import release


def deployment(**container: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def operator(*arguments: str) -> dict[str, Any]:
    return deployment(name="operator", command=["parley-operator", "run"], args=list(arguments))


def test_o12_the_operator_says_where_its_images_come_from() -> None:
    said = operator("--gateway-image=localhost/parley/gateway", "--gateway-pull-policy=Never")
    assert of_operator(said) == GatewayImages("localhost/parley/gateway", {}, "Never")
    assert of_operator(operator("--log-level=Info")) == GatewayImages()


def test_o12_of_an_option_that_is_given_twice_the_last_counts() -> None:
    """The Kustomize base has one already, and patches put theirs behind it."""
    said = operator("--gateway-image=parley/gateway", "--gateway-image", "registry.example.com/gateway")
    assert of_operator(said).repository == "registry.example.com/gateway"


def test_o12_a_whole_image_is_that_of_the_operators_release_alone() -> None:
    image = "registry.example.com:5000/gateway@sha256:0123"
    assert of_operator(operator(f"--gateway-image={image}")) == GatewayImages(by_release={release(): image})


@pytest.mark.parametrize(
    ("arguments", "served"), [((), True), (("--namespace=voice",), True), (("--namespace", "a"), False)]
)
def test_o12_an_operator_serves_the_namespaces_that_it_names(arguments: tuple[str, ...], served: bool) -> None:
    assert serves(operator(*arguments), "voice") is served


def test_o12_where_no_operator_may_be_seen_the_gateways_image_tells() -> None:
    live = deployment(name="gateway", image="localhost:5000/parley/gateway:0.1", imagePullPolicy="Always")
    assert of_gateway(live, "0.1") == GatewayImages("localhost:5000/parley/gateway", {}, "Always")
    pinned = deployment(name="gateway", image="parley/gateway@sha256:0123")
    assert of_gateway(pinned, "0.1") == GatewayImages(by_release={"0.1": "parley/gateway@sha256:0123"})

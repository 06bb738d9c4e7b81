"""Where gateways' images come from, unless somebody says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from parley_operator.render import Facts
from parley_operator.render.facts import GATEWAY_IMAGE
from parley_operator.render.image import images_named

VALUES = Path(__file__).parents[3] / "charts" / "parley" / "values.yaml"


def test_without_a_cluster_they_come_from_where_the_charts_do() -> None:
    assert (
        Facts(release="0.1").image_repository
        == yaml.safe_load(VALUES.read_text())["gateway"]["image"]["repository"]
    )


@pytest.mark.parametrize("repository", ["parley/gateway", "localhost:5000/gateway"])
def test_a_repository_serves_every_release(repository: str) -> None:
    assert images_named(repository, "0.1") == (repository, {})


@pytest.mark.parametrize("image", ["localhost:5000/gateway:nightly", "parley/gateway@sha256:0123"])
def test_a_whole_image_is_of_one_release(image: str) -> None:
    assert images_named(image, "0.1") == (GATEWAY_IMAGE, {"0.1": image})

"""Copies and descriptions of the chart agree with it (O11)."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from charts import derive
from tests.chart.manifests import Manifests, identity

pytestmark = pytest.mark.timeout(900)


def test_o11_the_charts_definitions_are_the_generated_ones() -> None:
    assert derive.custom_resources()
    for path, text in derive.definitions().items():
        assert path.read_text() == text, "run `make manifests`"
    copies = {path.name for path in (derive.CHART / "files" / "crds").iterdir()}
    assert copies == {path.name for path in derive.custom_resources()}


def test_o11_the_kustomize_base_is_derived_from_the_chart(helm: str) -> None:
    for path, text in derive.base(derive.render(helm)).items():
        assert path.read_text() == text, "run `make manifests`"


def test_o11_kustomize_installs_what_helm_installs(kubectl: str, render: Callable[..., Manifests]) -> None:
    command = [kubectl, "kustomize", str(derive.ROOT / "manifests" / "base")]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    by_kustomize = {identity(manifest): manifest for manifest in yaml.safe_load_all(built)}
    by_helm = {identity(manifest): derive.plain(manifest) for manifest in render() if manifest["kind"] != "Pod"}
    namespace = by_kustomize.pop(("Namespace", "", derive.NAMESPACE))
    assert namespace["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert by_kustomize == by_helm


def leaves(values: Any, prefix: str = "") -> Iterator[str]:
    """The dotted names of values."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_o11_every_value_is_documented() -> None:
    values = yaml.safe_load((derive.CHART / "values.yaml").read_text())
    page = (derive.ROOT / "docs" / "install.md").read_text()
    documented = set(re.findall(r"^\| `([A-Za-z.]+)` \|", page, flags=re.MULTILINE))
    assert set(leaves(values)) == documented


def test_o11_the_charts_version_is_the_projects() -> None:
    chart = yaml.safe_load((derive.CHART / "Chart.yaml").read_text())
    project = (derive.ROOT / "pyproject.toml").read_text()
    assert chart["appVersion"] == tomllib.loads(project)["project"]["version"]

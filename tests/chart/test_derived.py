"""Copies and descriptions of the chart agree with it (O11)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts import derive
from charts.values_table import type_of, values
from parley_operator.__main__ import RELEASE
from tests.chart.manifests import Manifests, identity, is_test

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
    by_kustomize = {identity(manifest): manifest for manifest in yaml.load_all(built, Loader=yaml.CSafeLoader)}
    by_helm = {identity(manifest): derive.plain(manifest) for manifest in render() if not is_test(manifest)}
    namespace = by_kustomize.pop(("Namespace", "", derive.NAMESPACE))
    assert namespace["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert by_kustomize == by_helm


def test_o11_the_kustomization_of_the_page_about_installation_changes_both_images(
    kubectl: str, tmp_path: Path
) -> None:
    page = (derive.ROOT / "docs" / "install.md").read_text()
    [text] = re.findall(r"```yaml\n# kustomization.yaml\n(.*?)```", page, re.DOTALL)
    checkout = Path(os.path.relpath(derive.ROOT, tmp_path))
    (tmp_path / "kustomization.yaml").write_text(text.replace("../parley", str(checkout)))
    built = subprocess.run(
        [kubectl, "kustomize", str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    manifests = yaml.load_all(built, Loader=yaml.CSafeLoader)
    [operator] = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
    [container] = operator["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("registry.example.com/parley/operator:")
    # Of a flag that is said twice the last counts.
    flags = [flag for flag in container["args"] if flag.startswith("--gateway-image=")]
    assert flags[-1] == "--gateway-image=registry.example.com/parley/gateway"


def objects(schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a schema, with where it is."""
    if schema.get("type") == "object":
        yield at, schema
    for name, child in schema.get("properties", {}).items():
        yield from objects(child, f"{at}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from objects(schema[name], f"{at}.{name}")


def test_o11_every_value_is_documented_and_has_a_type() -> None:
    for path, text in derive.readme().items():
        assert path.read_text() == text, "run `make manifests`"
    found = list(values((derive.CHART / "values.yaml").read_text()))
    assert [value.name for value in found if not value.comment] == []
    schema = json.loads((derive.CHART / "values.schema.json").read_text())
    assert all(type_of(schema, value.name) for value in found)
    defaults = yaml.safe_load((derive.CHART / "values.yaml").read_text())
    assert set(schema["properties"]) == set(defaults) | {"global"}


def test_o11_no_object_of_the_schema_takes_any_key_but_those_of_kubernetes() -> None:
    schema = json.loads((derive.CHART / "values.schema.json").read_text())
    loose = {at for at, found in objects(schema) if "additionalProperties" not in found}
    affinities = {f".affinity.{kind}" for kind in ("nodeAffinity", "podAffinity", "podAntiAffinity")}
    assert loose == {".global", *affinities}


def test_o11_a_value_without_a_comment_has_none_of_its_neighbours() -> None:
    text = "# Of a.\na: 1\nb:\n  # Of c,\n  # on two lines.\n  c: x\n  d: []\n"
    assert [(value.name, value.default, value.comment) for value in values(text)] == [
        ("a", 1, "Of a."),
        ("b.c", "x", "Of c, on two lines."),
        ("b.d", [], ""),
    ]


def test_o11_the_charts_version_is_the_projects() -> None:
    chart = yaml.safe_load((derive.CHART / "Chart.yaml").read_text())
    project = (derive.ROOT / "pyproject.toml").read_text()
    assert chart["appVersion"] == tomllib.loads(project)["project"]["version"]


def test_o11_helms_test_runs_the_gateway_that_the_operator_installs(render: Callable[..., Manifests]) -> None:
    [pod] = [one for one in render() if one["kind"] == "Pod" and "conversation" in one["metadata"]["name"]]
    assert pod["spec"]["containers"][0]["image"] == f"parley/gateway:{RELEASE}"

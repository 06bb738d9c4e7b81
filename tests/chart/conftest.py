"""Helm and kubectl at the versions the project pins, and the chart as Helm renders it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache

import pytest
import yaml

from charts.derive import CHART, NAMESPACE, RELEASE, pinned_helm
from tests.chart.manifests import Manifests
from tests.kubectl import pinned_kubectl
from tests.unit.operator.conftest import promtool

__all__ = ["promtool"]

Render = Callable[..., Manifests]


@pytest.fixture(scope="session")
def helm() -> str:
    return pinned_helm()


@pytest.fixture(scope="session")
def chart() -> str:
    return str(CHART)


@pytest.fixture(scope="session")
def kubectl() -> str:
    return str(pinned_kubectl())


@pytest.fixture(scope="session")
def template(helm: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`helm template` of the chart, with values as `key=value` in Helm's own notation. Each is run once."""

    @cache
    def run(*values: str, release: str = RELEASE, namespace: str = NAMESPACE) -> subprocess.CompletedProcess[str]:
        flags = [flag for value in values for flag in ("--set", value)]
        command = [helm, "template", release, str(CHART), "--namespace", namespace, *flags]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def render(template: Callable[..., subprocess.CompletedProcess[str]]) -> Render:
    """The manifests of the chart with these values."""

    def run(*values: str, **names: str) -> Manifests:
        answer = template(*values, **names)
        assert answer.returncode == 0, answer.stderr
        # In C: the definition alone takes a second in Python.
        return [manifest for manifest in yaml.load_all(answer.stdout, Loader=yaml.CSafeLoader) if manifest]

    return run

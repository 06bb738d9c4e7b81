"""`make run` on a cluster that has the sample, on a real API server with the real kubectl."""

from __future__ import annotations

import os

import pytest
import yaml

from localcluster import ControlPlane
from quickstart import sample
from quickstart.commands import Commands
from tests.kubectl import pinned_kubectl

pytestmark = pytest.mark.controlplane

SHOWN = ("kubectl", "-n", sample.NAMESPACE, "get", "voicedeployment", sample.NAME, "-o", "yaml")


@pytest.fixture
def commands(plane: ControlPlane) -> Commands:
    path = f"{pinned_kubectl().parent}{os.pathsep}{os.environ['PATH']}"
    return Commands({"KUBECONFIG": str(plane.kubeconfig), "PATH": path})


def test_a_sample_that_somebody_edited_is_as_in_its_file_again(commands: Commands) -> None:
    """Another provider's fields, which the file does not have, must not stay beside the file's provider."""
    sample.apply(commands, with_ingress=True)
    new = yaml.safe_load(commands.read(*SHOWN))["spec"]
    edited = yaml.safe_load(sample.FILE.read_text())
    keys = [{"secretKeyRef": {"name": "anthropic", "key": "key"}}]
    other = {"provider": "Anthropic", "model": "claude-haiku-4-5", "apiKeys": keys}
    edited["spec"]["pipeline"]["llm"] = other
    edited["spec"]["agent"]["greeting"] = "Good morning."
    given = yaml.safe_dump(edited)
    commands.read("kubectl", "apply", "-n", sample.NAMESPACE, "-f", "-", given=given)

    sample.apply(commands, with_ingress=True)

    assert yaml.safe_load(commands.read(*SHOWN))["spec"] == new
    assert new["endpoint"]["controllerAdvice"] == "Acknowledged"
    sample.remove(commands)

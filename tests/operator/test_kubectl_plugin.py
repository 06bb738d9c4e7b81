"""O12: `kubectl parley` is the command: the real kubectl finds it, and passes on what is said and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcluster import ControlPlane
from tests.kubectl import pinned_kubectl
from tests.operator.cluster import Namespace

pytestmark = pytest.mark.controlplane

INSTALLED = Path(sys.executable).parent
"""Where the package's commands are."""


async def kubectl(plane: ControlPlane, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With the installed commands in its PATH, as kubectl looks for plugins there."""
    command = [str(pinned_kubectl()), *arguments]
    path = os.pathsep.join([str(INSTALLED), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "KUBECONFIG": str(plane.kubeconfig)}
    return await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


async def test_o12_kubectl_parley_is_the_command(plane: ControlPlane, namespace: Namespace) -> None:
    await namespace.voice("receptionist")
    listed = await kubectl(plane, "parley", "status", "-n", namespace.name, "-o", "json")
    assert [one["name"] for one in json.loads(listed.stdout)] == ["receptionist"]
    missing = await kubectl(plane, "parley", "status", "nobody", "-n", namespace.name)
    assert missing.returncode == 1
    assert "there is no VoiceDeployment nobody" in missing.stderr
    assert "kubectl-parley" in (await kubectl(plane, "plugin", "list")).stdout

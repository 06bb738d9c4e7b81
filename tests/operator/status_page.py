"""`python -m tests.operator.status_page`: docs/status.md, by kubectl and parley from a real API server.

Deployments' controllers and the operator are real; that pods run is said by this program, as a kubelet would.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from localcluster import ControlPlane
from localcluster.builds import BuildCache
from localcluster.paths import cache_dir
from localcluster.progress import Progress
from localcluster.versions import KUBECTL
from tests.operator.cluster import Namespace, open_namespace, with_deepgram
from tests.operator.conftest import CONTROLLERS, OPERATOR_USER, prepare
from tests.operator.process import OperatorProcess

FILE = Path("docs") / "status.md"
NAMESPACE = "voice"
_HEAD = """# What healthy, broken and rolling ones look like
<!-- Written by `python -m tests.operator.status_page` from a real API server; do not edit. -->

Three resources: `receptionist` serves; `concierge` names a Secret that is not there; the new pods of `front-desk`
cannot start, as their image does not exist, while the old ones go on serving.
[Conditions](conditions.md) says what each reason means, and what to do.
"""
_SECTIONS = (
    ("At a glance", ("kubectl", "get", "vd")),
    ("With the reason and what to do", ("kubectl", "get", "vd", "-o", "wide")),
    ("The same by `parley`", ("parley", "status")),
    ("A healthy one", ("parley", "status", "receptionist")),
    ("A broken one", ("parley", "status", "concierge")),
    ("One whose rollout does not go on", ("parley", "status", "front-desk")),
    ("The broken one by kubectl, with its events", ("kubectl", "describe", "vd", "concierge")),
)


async def played(namespace: Namespace) -> None:
    """The three resources, each in its state."""
    await namespace.voice("receptionist", replicas=2)
    await namespace.voice("front-desk", replicas=2)
    await namespace.until_ready("receptionist")
    await namespace.until_ready("front-desk")
    await namespace.voice("concierge", pipeline=with_deepgram("voice-keys"))
    await namespace.until_condition("concierge", "Ready", "False", "SecretNotFound")
    before = {pod["metadata"]["name"] for pod in await namespace.find_all("Pod")}
    await namespace.edit("front-desk", version="9.9")
    while not (new := {pod["metadata"]["name"] for pod in await namespace.find_all("Pod")} - before):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    await namespace.pod_waits(new.pop(), reason="ImagePullBackOff", message="Back-off pulling image")
    await namespace.until_condition("front-desk", "Ready", "False", "ImagePullBackOff")


def shown(command: tuple[str, ...], *, kubectl: Path, kubeconfig: Path) -> str:
    """What a command prints."""
    program, *arguments = command
    parley = [sys.executable, "-c", "from parley_cli.main import main; main(prog_name='parley')"]
    start = [str(kubectl)] if program == "kubectl" else parley
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    said = subprocess.run(
        [*start, *arguments, "-n", NAMESPACE], env=environment, capture_output=True, text=True, check=True
    )
    return "\n".join(line.rstrip() for line in said.stdout.splitlines())


async def page(plane: ControlPlane, kubectl: Path, folder: Path) -> str:
    """The whole page."""
    operator = OperatorProcess(
        plane.kubeconfig_for(OPERATOR_USER),
        folder / "log",
        "--namespace",
        NAMESPACE,
        "--lease-namespace",
        NAMESPACE,
    )
    async with open_namespace(str(plane.kubeconfig), NAMESPACE) as namespace:
        operator.start().wait_for_log("synced")
        try:
            await played(namespace)
            parts = [_HEAD]
            for title, command in _SECTIONS:
                text = shown(command, kubectl=kubectl, kubeconfig=plane.kubeconfig)
                parts.append(f"## {title}\n```console\n$ {' '.join(command)}\n{text}\n```\n")
            return "\n".join(parts)
        finally:
            operator.stop()


def main() -> None:
    """Write the page."""
    cache = BuildCache(cache_dir(), progress=Progress())
    cache.ensure((KUBECTL,))
    with tempfile.TemporaryDirectory() as folder, ControlPlane(controllers=CONTROLLERS) as plane:
        prepare(plane)
        FILE.write_text(asyncio.run(page(plane, cache.binary(KUBECTL, "kubectl"), Path(folder))), encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()

"""`python -m tests.operator.status_page`: docs/status.md, by kubectl and parley from a real API server.

Deployments' controllers and the operator are real; that pods run is said by this program, as a kubelet would.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from localcluster import ControlPlane
from tests.kubectl import pinned_kubectl
from tests.operator.cluster import Json, Namespace, condition, open_namespace, with_deepgram
from tests.operator.conftest import CONTROLLERS, OPERATOR_USER, prepare
from tests.operator.process import OperatorProcess

FILE = Path("docs") / "status.md"
NAMESPACE = "voice"
_HEAD = """# What healthy, broken and rolling ones look like
<!-- Written by `python -m tests.operator.status_page` from a real API server; do not edit. -->

Four resources: `receptionist` serves; `concierge` names a Secret that is not there; `switchboard` replaces its
pods one by one; the new pods of `front-desk` cannot start, as their image does not exist. The old pods of both go
on serving.
[Conditions](conditions.md) says what each reason means, and what to do.
"""
_SECTIONS = (
    ("At a glance", ("kubectl", "get", "vd")),
    ("With the reason and what to do", ("kubectl", "get", "vd", "-o", "wide")),
    ("The same by `parley`", ("parley", "status")),
    ("A healthy one", ("parley", "status", "receptionist")),
    ("A broken one", ("parley", "status", "concierge")),
    ("A rolling one", ("parley", "status", "switchboard")),
    ("One whose rollout does not go on", ("parley", "status", "front-desk")),
    ("The broken one by kubectl, with its events", ("kubectl", "describe", "vd", "concierge")),
    ("The healthy one by kubectl", ("kubectl", "describe", "vd", "receptionist", "--show-events=false")),
    ("The rolling one by kubectl", ("kubectl", "describe", "vd", "switchboard", "--show-events=false")),
)
"""How many events there are of those that serve depends on when their pods began to."""


async def played(namespace: Namespace) -> None:
    """The four resources, each in its state."""
    names = ("receptionist", "front-desk", "switchboard")
    for name in names:
        await namespace.voice(name, replicas=2)
    async with namespace.kubelet():
        for name in names:
            await namespace.until("VoiceDeployment", name, _is_complete)
    await namespace.voice("concierge", pipeline=with_deepgram("voice-keys"))
    await namespace.until_condition("concierge", "Ready", "False", "SecretNotFound")
    new = await _new_pod(namespace, "front-desk", version="9.9")
    await namespace.pod_waits(new, reason="ImagePullBackOff", message="Back-off pulling image")
    await namespace.until_condition("front-desk", "Ready", "False", "ImagePullBackOff")
    await _new_pod(namespace, "switchboard", limits={"sessionsPerPod": 50})
    await namespace.until("VoiceDeployment", "switchboard", _rolls)


async def _new_pod(namespace: Namespace, name: str, **spec: Any) -> str:
    """Edit a resource; gives the first pod that follows, which nobody makes ready any more."""
    before = {pod["metadata"]["name"] for pod in await namespace.find_all("Pod")}
    found: list[str] = []

    def is_new(pod: Json) -> bool:
        found.append(pod["metadata"]["name"])
        return found[-1] not in before

    await namespace.edit(name, **spec)
    await namespace.until_any("Pod", is_new)
    return found[-1]


def _is_complete(body: Json | None) -> bool:
    """All pods run the spec, and serve."""
    progressing = condition(body, "Progressing")
    return progressing is not None and progressing["reason"] == "RolloutComplete"


def _rolls(body: Json | None) -> bool:
    """The first new pod is there, and starts."""
    return body is not None and body["status"].get("updatedReplicas") == 1


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


_VARYING = (
    (r"\d{4}-\d\d-\d\dT[\d:]+Z", "MOMENT"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
    (r"\b\d+\.\d+\.\d+\.\d+\b", "ADDRESS"),
    (r"\b[0-9a-f]{24}\b", "HASH"),
    (r"-[0-9a-f]{8,10}-[a-z0-9]{5}\b", "-POD"),
    (r"-[0-9a-f]{8,10}\b", "-HASH"),
    (r"\b(\d+[hms])+\b", "AGE"),
    (r"(Resource Version: +)\d+", r"\1N"),
    (r"(?<=\S) {2,}|-{2,}", " "),
)
"""What is another at each time, by pattern, and columns as wide as it."""


def essence(text: str) -> list[str]:
    """The lines of a page without what is another at each time; the order of names is, where they have hashes."""
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text)
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return [line for section in sections for line in sorted(section.splitlines())]


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder, ControlPlane(controllers=CONTROLLERS) as plane:
        prepare(plane)
        FILE.write_text(asyncio.run(page(plane, pinned_kubectl(), Path(folder))), encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()

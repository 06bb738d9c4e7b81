"""O4, O5: what clients hold, the token and the authority they trust, outlives the resource."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import subprocess
from pathlib import Path

from localcluster import ControlPlane
from localcluster.debian import command_path, require_commands
from localcluster.paths import cache_dir
from localcluster.progress import Progress
from tests.kubectl import pinned_kubectl
from tests.operator.cluster import SECONDS, Namespace
from tests.operator.process import OperatorProcess

PAGE = Path(__file__).parents[2] / "docs" / "backup.md"
NAME = "agent"
ENDPOINT = {"hosts": ["voice.example.com"], "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}
GIVEN = (("token", "token"), ("ca", "tls.key"), ("tls", "tls.crt"), ("tls", "ca.crt"), ("salt", "salt"))
"""Secrets and keys that clients, or running pods, depend on."""


def commands_of(heading: str) -> str:
    """The commands of a section of the page, as a person would copy them."""
    section = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    assert blocks
    return "".join(blocks).replace("$ kubectl", "kubectl").replace("$ jq", "jq")


class Person:
    """Somebody with kubectl and jq in a folder of their own."""

    def __init__(self, plane: ControlPlane, namespace: Namespace, folder: Path) -> None:
        require_commands({"jq": "jq"}, cache=cache_dir(), progress=Progress())
        paths = (pinned_kubectl().parent, Path(command_path("jq")).parent)
        path = os.pathsep.join([*map(str, paths), os.environ["PATH"]])
        self._environment = {**os.environ, "PATH": path, "KUBECONFIG": str(plane.kubeconfig)}
        self._namespace, self._folder = namespace.name, folder

    async def follows(self, heading: str) -> None:
        """The page's commands, in the test's namespace instead of `voice`."""
        script = commands_of(heading).replace("-n voice", f"-n {self._namespace}")
        await asyncio.to_thread(self._run, script)

    def _run(self, script: str) -> None:
        answer = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert answer.returncode == 0, answer.stderr


async def given_to_clients(namespace: Namespace) -> dict[tuple[str, str], bytes]:
    found = {}
    for suffix, key in GIVEN:
        secret = await namespace.until_exists("Secret", f"{NAME}-{suffix}")
        found[suffix, key] = base64.b64decode(secret["data"][key])
    return found


async def until_empty(namespace: Namespace) -> None:
    """Until the garbage collector has taken all children."""
    async with asyncio.timeout(2 * SECONDS):
        while await namespace.children():  # noqa: ASYNC110 - they are of ten kinds
            await asyncio.sleep(0.1)


async def test_o04_what_was_deleted_comes_back_with_the_same_token_and_authority(
    plane: ControlPlane, namespace: Namespace, operator: OperatorProcess, tmp_path: Path
) -> None:
    assert operator.is_running()
    person = Person(plane, namespace, tmp_path)
    await namespace.voice(NAME, endpoint=ENDPOINT)
    await namespace.until_ready(NAME)
    before = await given_to_clients(namespace)
    was = (await namespace.get("Deployment", NAME))["spec"]["template"]

    await person.follows("Save")
    await namespace.delete("VoiceDeployment", NAME)
    await until_empty(namespace)

    await person.follows("Restore")
    await namespace.until_ready(NAME)
    assert await given_to_clients(namespace) == before
    resource = await namespace.get("VoiceDeployment", NAME)
    for suffix, _ in GIVEN:
        secret = await namespace.get("Secret", f"{NAME}-{suffix}")
        [owner] = secret["metadata"]["ownerReferences"]
        assert owner["uid"] == resource["metadata"]["uid"]
    assert (await namespace.get("Deployment", NAME))["spec"]["template"] == was, "nor does any pod differ"
    assert len(await namespace.find_all("ReplicaSet")) == 1, "no pod ran with any other token"

"""The real KEDA: its own manifests, and images of its programs as they were built here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster.certificates import authority, issue
from localcluster.components import keda
from localcluster.engines import KEDA
from localcluster.paths import cache_dir
from localcluster.program_image import program_archive
from localcluster.progress import Progress
from tests.cluster.conftest import Cluster

READY = 180.0
"""Seconds: its own probes begin after twenty."""


@contextmanager
def installed(cluster: Cluster, folder: Path) -> Iterator[None]:
    """KEDA in its namespace, ready; `folder` is for its certificate."""
    target, commands = cluster.node.target, cluster.commands
    builds, progress = target.cluster.builds, Progress()
    builds.ensure((KEDA,))
    for program in keda.PROGRAMS.values():
        image = keda.image(program)
        archive = program_archive(builds, KEDA, program, image=image, cache=cache_dir(), progress=progress)
        target.load(str(archive))
    signer = authority(folder, "ca")
    issue(folder, "tls", subject=keda.subject(), issuer=signer)
    manifests = os.path.relpath(builds.folder(KEDA) / keda.MANIFESTS, folder)
    (folder / "kustomization.yaml").write_text(keda.kustomization(manifests, authority=signer.certificate))
    commands.read("kubectl", "apply", "--server-side", "-k", str(folder))
    try:
        within = f"--timeout={READY:.0f}s"
        for name in keda.DEPLOYMENTS:
            rollout = ("kubectl", "-n", keda.NAMESPACE, "rollout", "status", f"deployment/{name}", within)
            commands.read(*rollout, timeout=READY + 10)
        commands.read("kubectl", "wait", "--for=condition=Available", f"apiservice/{keda.API}", within)
        yield
    finally:
        kinds = "scaledobjects,triggerauthentications"
        commands.read(
            "kubectl", "delete", kinds, "--all", "--all-namespaces", timeout=READY
        )  # it must let go itself
        commands.read("kubectl", "delete", "-k", str(folder), "--ignore-not-found", timeout=READY)

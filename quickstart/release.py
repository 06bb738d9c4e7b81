"""The Helm release: the operator in its own namespace, installed, upgraded and taken away."""

from __future__ import annotations

import json

from quickstart.commands import Commands
from quickstart.images import ROOT, images

NAME = "parley"
NAMESPACE = "parley-system"
DEPLOYMENT = "parley-operator"
DEFINITION = "voicedeployments.parley.dev"
READY_SECONDS = 180
SOURCE = "source-digest"
"""Annotation of pods with what their image was made from, so that a new one under the same tag replaces them."""
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def install(commands: Commands, *, repository: str, values: tuple[str, ...] = ()) -> None:
    """Install or upgrade, and wait until the operator is ready; its namespace enforces the strictest level.

    `values` are further ones, as `key=value` in Helm's own notation.
    """
    make_namespace(commands, NAMESPACE)
    operator, _ = images()
    chosen = (
        f"image.repository={repository}/operator",
        f"gateway.image.repository={repository}/gateway",
        f"podAnnotations.{SOURCE}={operator.source}",
        *values,
    )
    flags = [flag for value in chosen for flag in ("--set", value)]
    commands.read(
        *("helm", "upgrade", "--install", NAME, str(ROOT / "charts" / "parley"), "--namespace", NAMESPACE),
        *(*flags, "--wait", f"--timeout={READY_SECONDS}s"),
        timeout=READY_SECONDS + 30.0,
        remedy=f"see `kubectl -n {NAMESPACE} describe pods` and `kubectl -n {NAMESPACE} logs deploy/{DEPLOYMENT}`",
    )


def make_namespace(commands: Commands, name: str) -> None:
    """A namespace whose pods must be restricted."""
    metadata = {"name": name, "labels": RESTRICTED}
    given = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    commands.read("kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-", given=given)


def uninstall(commands: Commands) -> bool:
    """Remove release and definition, unless someone still has a VoiceDeployment; returns whether it did."""
    if voice_deployments(commands):
        return False
    absent = ("helm", "uninstall", NAME, "--namespace", NAMESPACE, "--ignore-not-found", "--wait")
    commands.read(*absent, timeout=120.0)
    commands.read("kubectl", "delete", "crd", DEFINITION, "--ignore-not-found", timeout=90.0)
    commands.read("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", timeout=120.0)
    return True


def voice_deployments(commands: Commands) -> list[str]:
    """All VoiceDeployments of the cluster as namespace/name."""
    if not commands.succeeds("kubectl", "get", "crd", DEFINITION):
        return []
    path = '{range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}'
    return commands.read("kubectl", "get", DEFINITION, "--all-namespaces", "-o", f"jsonpath={path}").split()

"""What runs and where to connect, for a person."""

from __future__ import annotations

from collections.abc import Mapping

from localcluster.cluster import LocalCluster
from localcluster.components import traefik
from localcluster.control_plane import ControlPlane


def describe(cluster: LocalCluster) -> tuple[str, bool]:
    """The status as text, and whether all is well."""
    running = cluster.running()
    ready = cluster.node_is_ready()
    entrypoints = cluster.parts.entrypoints
    lines = [
        f"cluster     {cluster.name}: {'Ready' if ready else 'not Ready'}",
        f"kubeconfig  {cluster.paths.kubeconfig}",
        f"API server  {cluster.layout.server}",
        f"ingress     http://{traefik.ADDRESS}:{entrypoints.web}  https://{traefik.ADDRESS}:{entrypoints.websecure}",
        f"machine     {cluster.layout.addresses.outside} (how pods reach this machine)",
        f"logs        {cluster.paths.logs}",
    ]
    return _with_parts(lines, running, well=ready and all(running.values()))


def describe_control_plane(plane: ControlPlane) -> tuple[str, bool]:
    """The same of a control plane alone."""
    running = plane.running()
    ready = plane.api.is_ready()
    lines = [
        f"cluster     {plane.name}: control plane {'ready' if ready else 'not ready'}",
        f"kubeconfig  {plane.kubeconfig}",
        f"API server  {plane.server}",
        f"logs        {plane.paths.logs}",
    ]
    return _with_parts(lines, running, well=ready and all(running.values()))


def _with_parts(lines: list[str], running: Mapping[str, bool], *, well: bool) -> tuple[str, bool]:
    parts = [f"  {'running' if alive else 'DEAD   '}  {name}" for name, alive in running.items()]
    advice = [] if well else ["what to do: `up` with the same options starts what is missing"]
    return "\n".join([*lines, "parts", *parts, *advice]), well

"""What keeps pods from serving, in words a person can act on: a list of small policies over the pods' views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from parley_operator.kube.client import Json


class Trouble(NamedTuple):
    """The first thing that is wrong with the pods."""

    reason: str
    message: str


class Pod(NamedTuple):
    """One that is to serve."""

    namespace: str
    name: str
    view: Json


Policy = Callable[[Pod], Trouble | None]

MESSAGE_LIMIT = 300
"""Characters of a kubelet's message to repeat."""


def first_trouble(pods: Iterable[tuple[str, Json]], *, namespace: str) -> Trouble | None:
    """The first trouble of any pod, the policies in order of how surely waiting does not help."""
    serving = [Pod(namespace, name, view) for name, view in sorted(pods) if not view["leaving"]]
    for policy in POLICIES:
        for pod in serving:
            if trouble := policy(pod):
                return trouble
    return None


def _image(pod: Pod) -> Trouble | None:
    for container in pod.view["containers"]:
        if container["waiting"] in {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"}:
            said = container["message"][:MESSAGE_LIMIT].rstrip(". ")
            return Trouble(
                "ImagePullBackOff",
                f"pod {pod.name} cannot pull {container['image']}: {said}. Check {_image_field(pod)}, the "
                "registry and spec.pod.imagePullSecrets.",
            )
    return None


def _image_field(pod: Pod) -> str:
    pool = pod.view.get("pool")
    return f"the image of workerPools[{pool}]" if pool else "spec.version"


def _configuration(pod: Pod) -> Trouble | None:
    for container in pod.view["containers"]:
        if container["waiting"] in {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}:
            said = container["message"][:MESSAGE_LIMIT]
            return Trouble(container["waiting"], f"pod {pod.name} cannot start its container: {said}")
    return None


def _crash(pod: Pod) -> Trouble | None:
    for container in pod.view["containers"]:
        if container["waiting"] == "CrashLoopBackOff":
            ended = "" if container["exit_code"] is None else f" with exit code {container['exit_code']}"
            return Trouble(
                "CrashLoopBackOff",
                f"the {container['name']} in pod {pod.name} keeps ending{ended}: "
                f"kubectl -n {pod.namespace} logs {pod.name} --previous says why.",
            )
    return None


def _place(pod: Pod) -> Trouble | None:
    said = pod.view["unschedulable"]
    if said is None:
        return None
    return Trouble("Unschedulable", f"no node takes pod {pod.name}: {said[:MESSAGE_LIMIT]}")


POLICIES: tuple[Policy, ...] = (_image, _configuration, _crash, _place)

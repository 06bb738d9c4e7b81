"""What keeps pods from serving, in words a person can act on: a list of small policies over the pods' views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from parley_operator.kube.client import Json


class Trouble(NamedTuple):
    """The first thing that is wrong with the pods."""

    reason: str
    message: str


Policy = Callable[[str, Json], Trouble | None]
"""From a pod's name and view."""

MESSAGE_LIMIT = 300
"""Characters of a kubelet's message to repeat."""


def first_trouble(pods: Iterable[tuple[str, Json]]) -> Trouble | None:
    """The first trouble of any pod, the policies in order of how surely waiting does not help."""
    serving = [(name, view) for name, view in sorted(pods) if not view["leaving"]]
    for policy in POLICIES:
        for name, view in serving:
            if trouble := policy(name, view):
                return trouble
    return None


def _image(name: str, view: Json) -> Trouble | None:
    for container in view["containers"]:
        if container["waiting"] in {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"}:
            said = container["message"][:MESSAGE_LIMIT].rstrip(". ")
            return Trouble(
                "ImagePullBackOff",
                f"pod {name} cannot pull {container['image']}: {said}. Check {_image_field(view)}, the registry "
                "and spec.pod.imagePullSecrets.",
            )
    return None


def _image_field(view: Json) -> str:
    pool = view.get("pool")
    return f"the image of workerPools[{pool}]" if pool else "spec.version"


def _configuration(name: str, view: Json) -> Trouble | None:
    for container in view["containers"]:
        if container["waiting"] in {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}:
            said = container["message"][:MESSAGE_LIMIT]
            return Trouble(container["waiting"], f"pod {name} cannot start its container: {said}")
    return None


def _crash(name: str, view: Json) -> Trouble | None:
    for container in view["containers"]:
        if container["waiting"] == "CrashLoopBackOff":
            ended = "" if container["exit_code"] is None else f" with exit code {container['exit_code']}"
            return Trouble(
                "CrashLoopBackOff",
                f"the {container['name']} in pod {name} keeps ending{ended}: "
                f"kubectl logs {name} --previous says why.",
            )
    return None


def _place(name: str, view: Json) -> Trouble | None:
    if view["unschedulable"] is None:
        return None
    return Trouble("Unschedulable", f"no node takes pod {name}: {view['unschedulable'][:MESSAGE_LIMIT]}")


POLICIES: tuple[Policy, ...] = (_image, _configuration, _crash, _place)

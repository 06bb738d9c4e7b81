"""The sample VoiceDeployment: applied into a namespace of its own, watched until it is ready, taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from quickstart.commands import Commands, StepError
from quickstart.images import ROOT, images
from quickstart.release import SOURCE, make_namespace
from quickstart.watch import Object, Objects, wait_until

NAMESPACE = "parley-quickstart"
NAME = "quickstart"
FILE = ROOT / "manifests" / "samples" / "quickstart.yaml"
SHOWN = FILE.relative_to(ROOT)
"""As a person in the checkout names it."""
MANAGER = "parley-quickstart"
READY_SECONDS = 180.0
EDITED = f"if it was edited, `kubectl -n {NAMESPACE} delete voicedeployment {NAME}` lets it be made anew"


def apply(commands: Commands, *, with_ingress: bool) -> None:
    """Apply the sample; without its endpoint where the cluster has no ingress controller of ours for it.

    What is ours alone has a field manager of its own. Then it is applied as a person would, who may go on with
    `kubectl apply -f`: that changes what was edited, and leaves what is ours. Where somebody has, it is first
    brought back to the file, whose fields alone fit together.
    """
    make_namespace(commands, NAMESPACE)
    document = yaml.safe_load(FILE.read_text())
    if not with_ingress:
        del document["spec"]["endpoint"]
    ours = ("--server-side", f"--field-manager={MANAGER}", "--force-conflicts")
    steps = [(ours, _with_ours(document, with_ingress=with_ingress)), ((), document)]
    if commands.succeeds("kubectl", "get", "voicedeployment", NAME, "-n", NAMESPACE):
        steps.reverse()
    for options, wanted in steps:
        given = yaml.safe_dump(wanted)
        commands.read("kubectl", "apply", *options, "-n", NAMESPACE, "-f", "-", given=given, remedy=EDITED)


def _with_ours(document: Object, *, with_ingress: bool) -> Object:
    """What replaces pods when only the image's content is new, and that our controller is set up as advised."""
    _, gateway = images()
    spec = {**document["spec"], "pod": {"annotations": {SOURCE: gateway.source}}}
    if with_ingress:
        spec["endpoint"] = {**spec["endpoint"], "controllerAdvice": "Acknowledged"}
    return {**document, "spec": spec}


def host() -> str:
    """The DNS name that the sample is served under."""
    document = yaml.safe_load(FILE.read_text())
    return str(document["spec"]["endpoint"]["hosts"][0])


def remove(commands: Commands) -> None:
    """Delete the sample's namespace with everything in it; nothing where it is gone."""
    commands.read("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", timeout=180.0)


async def wait_until_ready(
    commands: Commands,
    *,
    say: Callable[[str], None],
    namespace: str = NAMESPACE,
    name: str = NAME,
    within: float = READY_SECONDS,
) -> Object:
    """The resource, once it is ready at its present generation; meanwhile `say` gets each new state.

    Raises:
        StepError: when it is not within so many seconds, with its conditions.
    """
    told: list[str] = []
    latest: Object = {}

    def look(found: Objects) -> None:
        latest.update(found.get(name, {}))
        state = summary(latest)
        if told[-1:] != [state]:
            told.append(state)
            say(state)

    path = f"/apis/parley.dev/v1alpha1/namespaces/{namespace}/voicedeployments"
    try:
        await wait_until(
            commands, path, lambda found: name in found and is_ready(found[name]), within=within, seen=look
        )
    except StepError:
        remedy = f"the conditions say why; `kubectl -n {namespace} describe vd {name}` has the events too"
        raise StepError(f"{name} is not ready after {within:.0f} s", remedy, tuple(conditions(latest))) from None
    return latest


def is_ready(resource: Mapping[str, Any]) -> bool:
    """Whether the operator has seen this generation and says Ready."""
    generation = resource["metadata"]["generation"]
    return any(
        condition["type"] == "Ready"
        and condition["status"] == "True"
        and condition.get("observedGeneration", 0) >= generation
        for condition in resource.get("status", {}).get("conditions", [])
    )


def summary(resource: Mapping[str, Any]) -> str:
    """The condition Ready in a line."""
    for condition in resource.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            return f"{condition['reason']}: {condition['message']}"
    return "the operator has not looked at it yet"


def conditions(resource: Mapping[str, Any]) -> list[str]:
    """All conditions, a line each."""
    return [
        f"{condition['type']:<20} {condition['status']:<8} {condition['reason']}: {condition['message']}"
        for condition in resource.get("status", {}).get("conditions", [])
    ] or ["no conditions: the operator has not looked at it yet"]

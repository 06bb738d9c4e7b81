"""What the children are, as the API server stored them, and in which places two such states differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from parley_operator.render.credentials import ANNOTATION
from parley_operator.render.paths import AGENT_NAME, CONFIG_NAME
from tests.operator.fields.row import ABSENT, MADE, OTHER

Json = dict[str, Any]

_NOT_OF_THE_SPEC = (
    "creationTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "uid",
)
_NAMES = ("name", "alert")
"""What tells the items of a list apart."""


class Change(NamedTuple):
    """What stood in a place, and what stands there now."""

    before: Any
    after: Any

    def agrees(self, expected: Any) -> bool:
        """Whether this is what a row says."""
        if expected is MADE:
            return self.before is ABSENT
        if expected is OTHER:
            return isinstance(self.before, str) and isinstance(self.after, str)
        return bool(self.after == expected)


def as_seen(name: str, body: Json) -> dict[str, Json]:
    """A child as rows name it, with what of it can differ because of the spec. `name` is the resource's."""
    kind, own = body["kind"], body["metadata"]["name"].removeprefix(name).removeprefix("-")
    if kind == "ConfigMap" and CONFIG_NAME in body["data"]:
        # Its name is a hash of its content.
        return {"config": json.loads(body["data"][CONFIG_NAME])}
    if kind == "ConfigMap" and AGENT_NAME in body["data"]:
        return {"agent": json.loads(body["data"][AGENT_NAME])}
    seen = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "status")}
    seen |= {"spec": dict(body["spec"])} if "spec" in body else {}
    seen["metadata"] = {key: value for key, value in body["metadata"].items() if key not in _NOT_OF_THE_SPEC}
    child = f"{kind}/{own}" if own else kind
    if kind != "Deployment":
        return {child: seen}
    # Deployments are numbered by their controller.
    seen["metadata"].pop("annotations", None)
    template = seen["spec"].pop("template")
    pod = {f"pod/{own}" if own else "pod": _pod(template)}
    # A pool's worker has no files from Secrets.
    return {child: seen, **pod} if own else {child: seen, **pod, "secrets": _files(template)}


def _pod(template: Json) -> Json:
    """Without what only repeats content that has places of its own: hashes of the configuration and of keys."""
    metadata, spec = template["metadata"], template["spec"]
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key != ANNOTATION}
    volumes = [volume for volume in spec.get("volumes", ()) if volume["name"] not in ("config", "secrets")]
    return {
        "metadata": {"labels": metadata["labels"], "annotations": annotations},
        "spec": {**spec, "volumes": volumes},
    }


def _files(template: Json) -> Json:
    """The files that the gateway reads Secrets from: by Secret and key."""
    sources = [
        source["secret"]
        for volume in template["spec"]["volumes"]
        if volume["name"] == "secrets"
        for source in volume["projected"]["sources"]
    ]
    return {source["name"]: {item["key"]: item["path"] for item in source["items"]} for source in sources}


def differences(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Change]:
    """Every place that is different."""
    children = sorted(before.keys() | after.keys())
    pairs = ((child, before.get(child, ABSENT), after.get(child, ABSENT)) for child in children)
    return {place: change for child, old, new in pairs for place, change in _changes(old, new, child)}


def _changes(before: Any, after: Any, path: str) -> Iterator[tuple[str, Change]]:
    if isinstance(after, dict) and before is ABSENT and _is_block(path):
        before = {}
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            step = f"{path}.{key}" if " " in path else f"{path} {key}"
            yield from _changes(before.get(key, ABSENT), after.get(key, ABSENT), step)
    elif (old := _by_name(before)) is not None and (new := _by_name(after)) is not None:
        for name in sorted(old.keys() | new.keys()):
            yield from _changes(old.get(name, ABSENT), new.get(name, ABSENT), f"{path}[{name}]")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from _changes(*pair, f"{path}[{index}]")
    elif before != after:
        yield path, Change(before, after)


def _is_block(path: str) -> bool:
    """Whether a place is a block of settings, which the gateway reads one by one whatever else is said."""
    return path.startswith(("config ", "agent ")) and not path.endswith("]") and "parameters" not in path


def _by_name(value: Any) -> dict[str, Any] | None:
    """The items of a list by the name that each of them has; None where they have none, or share one."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return None
    key = next((key for key in _NAMES if all(key in item for item in value)), None)
    named = {item[key]: item for item in value} if key else {}
    return named if len(named) == len(value) else None

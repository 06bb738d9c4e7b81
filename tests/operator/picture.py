"""What a namespace looks like, without what differs from one undisturbed creation to the next."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from typing import Any

from parley_operator.kube.ownership import digest, owned_fields
from tests.operator.cluster import CHILDREN, Json, Namespace

Picture = dict[tuple[str, str], Json]
"""By kind and name."""

_OF_THE_SERVER = ("clusterIP", "clusterIPs")
_OF_CONTROLLERS = ("deployment.kubernetes.io/revision",)
_SALTED = "parley.dev/credentials"


async def picture(namespace: Namespace, apis: Collection[str] = ()) -> Picture:
    """Every child, its content and whose its fields are; of what is random, that it is there.

    `apis` are the optional kinds to look for as well.
    """
    bodies = [body for kind in (*CHILDREN, *apis) for body in await _children(namespace, kind)]
    masks = {namespace.name: "any"} | _contents_for_hashes(namespace, bodies) | _names_of_dashboards(bodies)
    plain = [(body["kind"], _plain(body["kind"], _masked_words(body, masks))) for body in bodies]
    return {(kind, body["name"]): body for kind, body in plain}


async def contents(namespace: Namespace) -> Picture:
    """What must never change once it is there: what was generated, and what pods are made of."""
    found: Picture = {}
    for secret in await namespace.find_all("Secret", "app.kubernetes.io/managed-by=parley"):
        found["Secret", secret["metadata"]["name"]] = secret["data"]
    for deployment in await namespace.find_all("Deployment", "app.kubernetes.io/managed-by=parley"):
        found["Deployment", deployment["metadata"]["name"]] = deployment["spec"]["template"]
    return found


def decoded(secret: Json) -> dict[str, bytes]:
    """What a Secret holds."""
    return {name: base64.b64decode(value) for name, value in secret["data"].items()}


def _plain(kind: str, body: Json) -> Json:
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    told = {name: value for name, value in annotations.items() if name not in _OF_CONTROLLERS}
    content = {name: value for name, value in body.items() if name not in {"metadata", "status"}}
    return {
        **_without_chance(kind, content),
        "name": metadata["name"],
        "labels": metadata.get("labels"),
        "annotations": told,
        "owners": [owner["name"] for owner in metadata.get("ownerReferences") or ()],
        "owned": owned_fields(body),
    }


async def _children(namespace: Namespace, kind: str) -> list[Json]:
    found = await namespace.find_all(kind, "app.kubernetes.io/managed-by=parley")
    return [{**body, "kind": kind} for body in found]


def _contents_for_hashes(namespace: Namespace, bodies: list[Json]) -> dict[str, str]:
    """The hash in a configuration's name is of its content, which names the namespace."""
    named = {body["metadata"]["name"]: body.get("data") for body in bodies if body["kind"] == "ConfigMap"}
    return {
        name: name[: -len("0123456789")] + digest(json.dumps(data).replace(namespace.name, "any"))
        for name, data in named.items()
        if "-config-" in name
    }


def _names_of_dashboards(bodies: list[Json]) -> dict[str, str]:
    """Grafana's own, of which each namespace's is another."""
    texts = [text for body in bodies if body["kind"] == "ConfigMap" for text in (body.get("data") or {}).values()]
    return {json.loads(text)["uid"]: "any" for text in texts if text.startswith("{") and '"uid"' in text}


def _masked_words(body: Json, masks: dict[str, str]) -> Json:
    """As it would be in another namespace, of another owner."""
    text = json.dumps(body)
    owners = {owner["uid"]: "any" for owner in body["metadata"].get("ownerReferences") or ()}
    for word, mask in (masks | owners).items():
        text = text.replace(word, mask)
    found: Json = json.loads(text)
    return found


def _without_chance(kind: str, content: Json) -> Json:
    if kind == "Secret":
        return {**content, "data": sorted(content["data"])}
    if kind == "ControllerRevision":
        return {**content, "revision": "any"}
    return {name: _masked(value) for name, value in content.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: "any" if name in _OF_THE_SERVER or name == _SALTED else _masked(item) for name, item in value.items()
    }

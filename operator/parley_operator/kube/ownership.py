"""Who controls an object, and which of its fields are ours.

The API server keeps, per field manager, the set of fields that manager last set. A field that somebody else
changes leaves our set, so an unchanged set means that everything we applied is still as we applied it, whatever
the server made of the values (2048Mi reads back as 2Gi: comparing values would never agree).
"""

from __future__ import annotations

import hashlib
import json

from parley_operator.kube.objects import Json

FIELD_MANAGER = "parley"
SCALE_MANAGER = "parley-scale"
"""Owns `spec.replicas` alone and is never released: dropping its only owner would reset the field to 1."""


def controller_uid(body: Json) -> str | None:
    """The UID of the object's controller, if it has one."""
    controller = controller_of(body)
    return None if controller is None else str(controller["uid"])


def controller_of(body: Json) -> Json | None:
    """The owner reference of the object's controller, if it has one."""
    references: list[Json] = body["metadata"].get("ownerReferences") or []
    return next((reference for reference in references if reference.get("controller")), None)


def owned_fields(body: Json, manager: str = FIELD_MANAGER) -> str:
    """A digest of the fields this manager owns by server-side apply; empty when it owns none."""
    fields = _applied_fields(body, manager)
    return digest(fields) if fields is not None else ""


def owns(body: Json, *path: str) -> bool:
    """Whether a field is as we applied it last, such as spec, egress: nobody has set it to anything else since."""
    fields = _applied_fields(body, FIELD_MANAGER)
    for name in path:
        fields = (fields or {}).get(f"f:{name}")
    return fields is not None


def _applied_fields(body: Json, manager: str) -> Json | None:
    """The set of fields that a manager owns by server-side apply."""
    for entry in body["metadata"].get("managedFields") or []:
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            fields: Json = entry["fieldsV1"]
            return fields
    return None


def digest(value: object) -> str:
    """A short digest of any JSON value, the same for equal values."""
    encoded = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.blake2b(encoded, digest_size=12).hexdigest()

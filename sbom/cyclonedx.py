"""A bill of materials as CycloneDX 1.6 has it, in JSON. The same image gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from typing import Any

from sbom.archive import ImageFiles
from sbom.components import Component, components
from sbom.lock import Hashes

SPEC_VERSION = "1.6"
_TYPES = {"python": "library", "debian": "library", "interpreter": "platform"}
_LABEL = "org.opencontainers.image."

Json = dict[str, Any]


def document(image: ImageFiles, *, name: str, hashes: Hashes) -> Json:
    """The bill of an image; `hashes` are those of the lock that its distributions were installed from."""
    found = components(image.files, architecture=image.architecture)
    root = f"{name}@{image.digest}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{_serial(image, found)}",
        "version": 1,
        "metadata": {"component": _root(image, name=name, ref=root)},
        "components": [_component(component, hashes) for component in found],
        "dependencies": [{"ref": root, "dependsOn": sorted({component.purl for component in found})}],
    }


def _serial(image: ImageFiles, found: Iterable[Component]) -> uuid.UUID:
    """Of the content: a bill that is made twice is the same bill."""
    content = json.dumps([image.digest, [component.purl for component in found]])
    return uuid.UUID(bytes=hashlib.sha256(content.encode()).digest()[:16], version=4)


def _root(image: ImageFiles, *, name: str, ref: str) -> Json:
    labels = {key.removeprefix(_LABEL): value for key, value in image.labels.items() if key.startswith(_LABEL)}
    return {
        "type": "container",
        "bom-ref": ref,
        "name": name,
        "version": labels.get("version", ""),
        "description": labels.get("description", ""),
        "licenses": [{"expression": labels.get("licenses", "Apache-2.0")}],
        "hashes": [{"alg": "SHA-256", "content": image.digest}],
        "properties": [{"name": f"{_LABEL}{key}", "value": value} for key, value in sorted(labels.items())],
    }


def _component(component: Component, hashes: Hashes) -> Json:
    found: Json = {
        "type": _TYPES[component.kind],
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
    }
    if licences := _licences(component):
        found["licenses"] = licences
    accepted = hashes.get((component.name, component.version), ()) if component.kind == "python" else ()
    if accepted:
        found["externalReferences"] = [
            {
                "type": "distribution",
                "url": component.purl,
                "comment": "one of these files was installed: pip accepted no other",
                "hashes": [{"alg": "SHA-256", "content": content} for content in accepted],
            }
        ]
    return found


def _licences(component: Component) -> list[Json]:
    if component.expression:
        return [{"expression": component.expression}]
    return [{"license": {"name": name}} for name in component.licences]

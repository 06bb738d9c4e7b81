"""VoiceDeployments in files, checked as a cluster would check them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from parley_cli.release import release
from parley_operator.api import KIND, InvalidResourceError, VoiceDeployment
from parley_operator.api.crd import custom_resource_definition
from parley_operator.render import Facts, Rendered, render
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import IngressClass


class UnreadableError(Exception):
    """A file that cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One VoiceDeployment of a file."""

    name: str
    document: dict[str, Any]
    """As it stands in the file."""
    errors: tuple[str, ...]
    """What a cluster would refuse, each with its path."""
    rendered: Rendered | None
    """What it becomes; None where there are errors."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a cluster would take, and a person should know of."""
        findings = self.rendered.findings if self.rendered else ()
        return tuple(f"{finding.reason}: {finding.message}" for finding in findings)


def check(path: Path, *, ingress_controller: str | None) -> list[Checked]:
    """Every VoiceDeployment of a file ("-": standard input); there may be none. Raises UnreadableError."""
    return [_checked(document, ingress_controller) for document in _documents(path)]


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        documents = list(yaml.safe_load_all(text))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path}: not a text file in UTF-8") from error
    except yaml.YAMLError as error:
        raise UnreadableError(f"{path}: {error}") from error
    return (document for document in documents if isinstance(document, dict) and document.get("kind") == KIND)


def _checked(document: dict[str, Any], ingress_controller: str | None) -> Checked:
    metadata = document.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
    errors = [f"{path}: there is no such field" for path in unknown_fields(document)]
    try:
        resource = VoiceDeployment.parse(document)
    except InvalidResourceError as error:
        return Checked(name, document, (*errors, *(str(problem) for problem in error.problems)), None)
    if errors:
        return Checked(name, document, tuple(errors), None)
    return Checked(name, document, (), render(resource, _supposed(resource, ingress_controller)))


def _supposed(resource: VoiceDeployment, ingress_controller: str | None) -> Facts:
    """The cluster as it is hoped to be: references, the ingress class and every API are there."""
    ingress = resource.spec.endpoint.ingress if resource.spec.endpoint else None
    ingress_class = IngressClass((ingress and ingress.class_name) or "default", ingress_controller)
    return Facts(release=release(), ingress_class=ingress_class, apis=frozenset(OPTIONAL), custom_metrics=True)


def unknown_fields(document: dict[str, Any]) -> list[str]:
    """Paths of fields that the resource does not have: a cluster would drop or refuse them."""
    served = custom_resource_definition()["spec"]["versions"][0]
    known = {name: value for name, value in document.items() if name not in ("apiVersion", "kind", "metadata")}
    return list(_unknown(known, served["schema"]["openAPIV3Schema"], ""))


def _unknown(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, schema.get("items", {}), f"{path}[{index}]")
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None:
        return
    for name, inner in value.items():
        below = f"{path}.{name}" if path else str(name)
        if name in properties:
            yield from _unknown(inner, properties[name], below)
        else:
            yield below

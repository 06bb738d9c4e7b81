"""VoiceDeployments in files, checked as a cluster would check them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from parley_cli.positions import line_of, line_of_first_field
from parley_cli.release import release
from parley_operator.api import KIND, InvalidResourceError, VoiceDeployment
from parley_operator.api.crd import custom_resource_definition
from parley_operator.render import Facts, Finding, Rendered, render
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import IngressClass
from parley_operator.render.ingress.advice import ADVICE


class UnreadableError(Exception):
    """A file that cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is said of a resource, and where in its file."""

    line: int
    path: str
    """The field; empty where it is the resource as a whole, or where the message names it."""
    message: str

    def __str__(self) -> str:
        """Without the place."""
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Supposed:
    """What a resource is rendered for, where no cluster is asked."""

    apis: frozenset[str] = frozenset(OPTIONAL)
    """The kinds that are made only where their API is installed: all of them, unless somebody says otherwise."""
    ingress_controller: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One VoiceDeployment of a file."""

    file: Path
    name: str
    document: dict[str, Any]
    """As it stands in the file."""
    errors: tuple[Remark, ...]
    """What a cluster would refuse."""
    warnings: tuple[Remark, ...]
    """What a cluster would take, and a person should know of."""
    notes: tuple[Remark, ...]
    """What is of the ingress controller, not of the file: the same for every resource behind it."""
    resource: VoiceDeployment | None
    """None where there are errors."""
    rendered: Rendered | None
    """What it becomes; None where there are errors."""


def check(path: Path, supposed: Supposed) -> list[Checked]:
    """Every VoiceDeployment of a file ("-": standard input); there may be none. Raises UnreadableError."""
    return [_checked(path, node, document, supposed) for node, document in _documents(path)]


def _documents(path: Path) -> Iterator[tuple[yaml.Node, dict[str, Any]]]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        documents = [
            (node, yaml.safe_load(yaml.serialize(node))) for node in yaml.compose_all(text, yaml.SafeLoader)
        ]
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path}: not a text file in UTF-8") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: a date that there is not, which YAML takes for a date.
        raise UnreadableError(f"{path}: {error}") from error
    return ((node, one) for node, one in documents if isinstance(one, dict) and one.get("kind") == KIND)


def _checked(file: Path, node: yaml.Node, document: dict[str, Any], supposed: Supposed) -> Checked:
    metadata = document.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
    found = [(path, "there is no such field") for path in unknown_fields(document)]
    resource: VoiceDeployment | None = None
    try:
        resource = VoiceDeployment.parse(document)
    except InvalidResourceError as error:
        found += [(problem.path, problem.message) for problem in error.problems]
    errors = tuple(Remark(line_of(node, path), path, message) for path, message in found)
    if resource is None or errors:
        return Checked(file, name, document, errors, (), (), None, None)
    rendered = render(resource, _facts(resource, supposed))
    warnings = tuple(_remark(node, one) for one in rendered.findings if one.reason not in ADVICE)
    notes = tuple(_remark(node, one) for one in rendered.findings if one.reason in ADVICE)
    return Checked(file, name, document, (), warnings, notes, resource, rendered)


def _remark(node: yaml.Node, finding: Finding) -> Remark:
    said = f"{finding.reason}: {finding.message}"
    return Remark(line_of_first_field(node, said), "", said)


def _facts(resource: VoiceDeployment, supposed: Supposed) -> Facts:
    """The cluster as it is hoped to be: references and the ingress class are there."""
    ingress = resource.spec.endpoint.ingress if resource.spec.endpoint else None
    name = (ingress and ingress.class_name) or "default"
    ingress_class = IngressClass(name, supposed.ingress_controller)
    return Facts(
        release=release(),
        ingress_class=ingress_class,
        apis=supposed.apis,
        custom_metrics=bool(supposed.apis),
    )


def unknown_fields(document: dict[str, Any]) -> list[str]:
    """Paths of fields that the resource does not have: a cluster would drop or refuse them."""
    known = {name: value for name, value in document.items() if name not in ("apiVersion", "kind", "metadata")}
    return list(_unknown(known, _schema(), ""))


@cache
def _schema() -> dict[str, Any]:
    """What the definition says; made once for all files, since it takes longer than all else that is checked."""
    (served,) = custom_resource_definition()["spec"]["versions"]
    schema: dict[str, Any] = served["schema"]["openAPIV3Schema"]
    return schema


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

"""VoiceDeployments in files, checked as a cluster would check them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from parley_cli.checked import Checked, Remark, Supposed
from parley_cli.documents import Document
from parley_cli.fields import items_at, unknown_fields
from parley_cli.positions import line_of, line_of_first_field
from parley_cli.release import release
from parley_operator.api import InvalidResourceError, Problem, VoiceDeployment
from parley_operator.render import Facts, Finding, render
from parley_operator.render.facts import IngressClass
from parley_operator.render.ingress.advice import ADVICE


def check(file: Path, found: Document, supposed: Supposed) -> Checked:
    """A VoiceDeployment of a file ("-": standard input), which the document is."""
    node, document = found.node, found.value
    metadata = document.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
    errors = [
        Remark(one.line, one.path, f"is there twice, first on line {one.first_line}; keep one of them")
        for one in found.repeated
    ]
    errors += [Remark(line_of(node, path), path, message) for path, message in unknown_fields(document)]
    resource: VoiceDeployment | None = None
    rules_checked = True
    try:
        resource = VoiceDeployment.parse(document)
    except InvalidResourceError as error:
        rules_checked = error.rules_checked
        errors += [
            Remark(line_of(node, problem.path), problem.path, _wanted(problem)) for problem in error.problems
        ]
    if resource is None or errors:
        return Checked(file, name, document, _in_order(errors), (), (), None, None, rules_checked)
    rendered = render(resource, _facts(resource, supposed))
    warnings = [_remark(node, one) for one in rendered.findings if one.reason not in ADVICE]
    notes = tuple(_remark(node, one) for one in rendered.findings if one.reason in ADVICE)
    return Checked(file, name, document, (), _in_order(warnings), notes, resource, rendered)


def _in_order(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: remark.line))


def _wanted(problem: Problem) -> str:
    """The message; of a list that is none, also what is in it."""
    if problem.message != "should be a valid array":
        return problem.message
    items = items_at(problem.path)
    return f"should be a list of {items}" if items else problem.message


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

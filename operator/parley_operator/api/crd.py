"""The CustomResourceDefinition, generated from the models: `python -m parley_operator.api.crd [FILE]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from parley_operator.api.identity import GROUP, KIND, PLURAL, SHORT_NAME, SINGULAR, VERSION
from parley_operator.api.resource import VoiceDeployment
from parley_operator.api.schema import structural_schema
from parley_operator.api.spec import VoiceDeploymentSpec
from parley_operator.api.status import VoiceDeploymentStatus
from parley_operator.api.yaml_text import as_yaml_stream

FILE = Path("crds") / f"{GROUP}_{PLURAL}.yaml"


def custom_resource_definition() -> dict[str, Any]:
    """The whole CRD as plain values."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": SINGULAR,
                "shortNames": [SHORT_NAME],
                "categories": ["all", "parley"],
            },
            "versions": [_version()],
        },
    }


def _version() -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": _printer_columns(),
        "selectableFields": [{"jsonPath": ".spec.suspend"}, {"jsonPath": ".spec.version"}],
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        "schema": {"openAPIV3Schema": _schema()},
    }


def _schema() -> dict[str, Any]:
    return {
        "description": structural_schema(VoiceDeployment)["description"],
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": structural_schema(VoiceDeploymentSpec),
            "status": structural_schema(VoiceDeploymentStatus),
        },
    }


def _printer_columns() -> list[dict[str, Any]]:
    def ready(field: str) -> str:
        return f'.status.conditions[?(@.type=="Ready")].{field}'

    return [
        {
            "name": "Ready",
            "type": "string",
            "jsonPath": ready("status"),
            "description": "Whether it serves calls.",
        },
        {"name": "Reason", "type": "string", "jsonPath": ready("reason"), "description": "What is wrong first."},
        {"name": "URL", "type": "string", "jsonPath": ".status.endpoints[0].url"},
        {"name": "Replicas", "type": "integer", "jsonPath": ".status.replicas", "description": "Pods there are."},
        {"name": "Serving", "type": "integer", "jsonPath": ".status.readyReplicas", "description": "Pods ready."},
        {
            "name": "Workers",
            "type": "string",
            "jsonPath": ".status.workers",
            "priority": 1,
            "description": "Workers ready, pool by pool.",
        },
        {
            "name": "Canary",
            "type": "integer",
            "jsonPath": ".status.canary.weightPercent",
            "description": "Percent of new connections for a change that is tried.",
            "priority": 1,
        },
        {
            "name": "Sessions",
            "type": "integer",
            "jsonPath": ".status.sessions.active",
            "description": "Callers who talk, under an autoscaler alone: `parley sessions` asks all pods.",
            "priority": 1,
        },
        {"name": "Version", "type": "string", "jsonPath": ".status.version", "priority": 1},
        {"name": "Message", "type": "string", "jsonPath": ready("message"), "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]


def crd_file() -> str:
    """The CRD as the file in `crds/` holds it."""
    text = as_yaml_stream([custom_resource_definition()])
    return f"# Generated from the models by `python -m parley_operator.api.crd`; do not edit.\n{text}"


def main(arguments: list[str]) -> None:
    """Writes the CRD to the file named, or to its place in the repository."""
    file = Path(arguments[0]) if arguments else FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(crd_file())
    print(f"wrote {file}")


if __name__ == "__main__":
    main(sys.argv[1:])

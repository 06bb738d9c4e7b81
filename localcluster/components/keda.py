"""KEDA's operator and its server of external metrics, in pods, as KEDA's own manifests have them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from localcluster.certificates import Subject
from localcluster.versions import KEDA_MODULE

NAMESPACE = "keda"
MANIFESTS = "config/minimal"
"""Of its module: all but the admission webhooks, whose program is one more."""
DEPLOYMENTS = ("keda-operator", "keda-metrics-apiserver")
"""Each behind a Service of its name."""
PROGRAMS = {"ghcr.io/kedacore/keda": "keda", "ghcr.io/kedacore/keda-metrics-apiserver": "keda-adapter"}
"""By the name of its image in the manifests."""
CERTIFICATE = ("ca.crt", "tls.crt", "tls.key")
API = "v1beta1.external.metrics.k8s.io"


_CONTAINER = "/spec/template/spec/containers/0"
_IMAGE_OF_THE_NODE = {f"{_CONTAINER}/imagePullPolicy": "IfNotPresent"}
_GIVEN_CERTIFICATE = {f"{_CONTAINER}/args/-": "--enable-cert-rotation=false"}


def image(program: str) -> str:
    """The name of the image that is made here of a program."""
    return f"localhost/parley-{program}:{KEDA_MODULE.version}"


def subject() -> Subject:
    """Whom the one certificate names that both programs show each other and the API server."""
    hosts = (f"{name}.{NAMESPACE}.svc{domain}" for name in DEPLOYMENTS for domain in ("", ".cluster.local"))
    return Subject(NAMESPACE, (), tuple(hosts))


def kustomization(manifests: str, *, authority: Path) -> str:
    """What `kubectl apply -k` takes, beside the three files of CERTIFICATE; `manifests` as seen from its folder.

    KEDA would make its certificate itself, but the kubelet shows a Secret that comes later only after a minute.
    """
    bundle = base64.b64encode(authority.read_bytes()).decode()
    return json.dumps({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [manifests],
        "images": [_image(name, program) for name, program in PROGRAMS.items()],
        "secretGenerator": [{
            "name": "kedaorg-certs",
            "namespace": NAMESPACE,
            "files": list(CERTIFICATE),
            "options": {"disableNameSuffixHash": True},
        }],
        "patches": [
            *(_patch("Deployment", name, replace=_IMAGE_OF_THE_NODE) for name in DEPLOYMENTS),
            _patch("Deployment", "keda-operator", add=_GIVEN_CERTIFICATE),
            _patch("APIService", API, add={"/spec/caBundle": bundle}),
        ],
    })  # fmt: skip


def _image(name: str, program: str) -> dict[str, str]:
    repository, _, tag = image(program).rpartition(":")
    return {"name": name, "newName": repository, "newTag": tag}


def _patch(kind: str, name: str, **changes: dict[str, Any]) -> dict[str, Any]:
    """In kustomize's form: JSON patches as text."""
    operations = [
        {"op": operation, "path": path, "value": value}
        for operation, values in changes.items()
        for path, value in values.items()
    ]
    return {"target": {"kind": kind, "name": name}, "patch": json.dumps(operations)}

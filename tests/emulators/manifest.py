"""The emulators as Kubernetes objects, on the gateway's own image: their sources are mounted into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PORT = 8089
_NAME = "emulators"
_NOT_NEEDED = ("fixtures.py", "manifest.py")

Manifest = dict[str, Any]


def emulator_manifests(*, image: str, namespace: str) -> list[Manifest]:
    """ConfigMap, Deployment and Service; the address is `http://emulators.<namespace>.svc:8089`."""
    return [_sources(namespace), _deployment(image, namespace), _service(namespace)]


def _metadata(namespace: str) -> Manifest:
    return {"name": _NAME, "namespace": namespace, "labels": {"app": _NAME}}


def _sources(namespace: str) -> Manifest:
    files = {path.name: path.read_text() for path in sorted(Path(__file__).parent.glob("*.py"))}
    data = {name: text for name, text in files.items() if name not in _NOT_NEEDED}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(namespace), "data": data}


def _deployment(image: str, namespace: str) -> Manifest:
    template = {
        "metadata": {"labels": {"app": _NAME}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [_container(image)],
            "volumes": [{"name": "sources", "configMap": {"name": _NAME}}],
        },
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": _NAME}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(namespace), "spec": spec}


def _container(image: str) -> Manifest:
    return {
        "name": _NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "tests.emulators", "--host", "0.0.0.0", "--port", str(PORT)],
        "workingDir": "/emulators",
        "env": [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}],
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/control/health", "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "sources", "mountPath": "/emulators/tests/emulators", "readOnly": True}],
    }


def _service(namespace: str) -> Manifest:
    spec = {"selector": {"app": _NAME}, "ports": [{"name": "http", "port": PORT, "targetPort": "http"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(namespace), "spec": spec}

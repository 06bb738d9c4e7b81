"""Pods of a test's own: they do nothing, but for one that listens, and packets can be sent from within."""

from __future__ import annotations

from typing import Any

from quickstart.images import images
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_ready

PYTHON = "/opt/parley/bin/python"
LISTENING = 9000
"""The port that they listen on."""


def gateway_image(cluster: Cluster) -> str:
    """The one image besides the operator's that the node has for sure."""
    [reference] = [image.reference(cluster.node.repository) for image in images() if image.name == "gateway"]
    return reference


def pod(cluster: Cluster, name: str, **labels: str) -> dict[str, Any]:
    """A pod that a namespace for restricted ones takes, and that answers on `LISTENING`."""
    container = {
        "name": "server",
        "image": gateway_image(cluster),
        "imagePullPolicy": "IfNotPresent",
        "command": [PYTHON, "-m", "http.server", f"{LISTENING}"],
        "readinessProbe": {"tcpSocket": {"port": LISTENING}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        },
    }


async def started(namespace: Namespace, name: str) -> None:
    """Until the pod of that name is ready."""
    await namespace.until("Pod", lambda pods: name in pods and is_ready(pods[name]))


def address_of(namespace: Namespace, name: str) -> str:
    """A pod's address."""
    return str(namespace.get("Pod", name)["status"]["podIP"])

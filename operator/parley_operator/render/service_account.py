"""The ServiceAccount of the gateway's pods: an identity for clouds, with no right in the cluster."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.labels import metadata
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest


def service_account(resource: VoiceDeployment) -> Manifest:
    """The ServiceAccount; its token is mounted nowhere."""
    pod = resource.spec.pod
    annotations = dict(pod.service_account_annotations or {}) if pod else {}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(resource, base_name(resource.metadata.name), annotations=annotations),
        "automountServiceAccountToken": False,
    }

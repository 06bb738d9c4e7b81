"""An API server that has the generated CRD, and a client that says what it refused."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.api.crd import custom_resource_definition

APPLY = "application/apply-patch+yaml"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RESOURCES = "/apis/parley.dev/v1alpha1/namespaces/default/voicedeployments"
ESTABLISHED_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]

    @property
    def causes(self) -> dict[str, str]:
        """The refused fields, as the server names them, each with its words."""
        details = self.body.get("details") or {}
        return {cause["field"]: cause["message"] for cause in details.get("causes", [])}


class Resources:
    """VoiceDeployments on a real API server."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._server = control_plane.server
        self._context = control_plane.api._context

    def request(
        self, method: str, path: str, document: dict[str, Any] | None = None, *, content_type: str = APPLY
    ) -> Answer:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(
            self._server + path, data=body, method=method, headers={"Content-Type": content_type}
        )
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=10) as response:
                return Answer(response.status, json.load(response))
        except urllib.error.HTTPError as error:
            said = error.read()
            try:
                return Answer(error.code, json.loads(said))
            except json.JSONDecodeError:  # a kind whose definition is not served yet: plain text
                return Answer(error.code, {"message": said.decode(errors="replace")})

    def apply(self, document: dict[str, Any], *, manager: str = "test", dry_run: bool = False) -> Answer:
        query = f"?fieldManager={manager}&force=true" + ("&dryRun=All" if dry_run else "")
        return self.request("PATCH", f"{RESOURCES}/{document['metadata']['name']}{query}", document)

    def status(self, document: dict[str, Any]) -> Answer:
        path = f"{RESOURCES}/{document['metadata']['name']}/status?fieldManager=status&force=true"
        return self.request("PATCH", path, document)

    def scale(self, name: str, replicas: int) -> Answer:
        """What `kubectl scale` does."""
        path = f"{RESOURCES}/{name}/scale?fieldManager=kubectl"
        return self.request(
            "PATCH", path, {"spec": {"replicas": replicas}}, content_type="application/merge-patch+json"
        )


def _wait_established(resources: Resources, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + ESTABLISHED_SECONDS
    while time.monotonic() < deadline:
        crd = resources.request("GET", f"{CRDS}/{name}").body
        conditions = {c["type"]: c["status"] for c in crd["status"]["conditions"] or []}
        if conditions.get("Established") == "True" and resources.request("GET", RESOURCES).status == 200:
            return crd
        time.sleep(0.05)
    raise AssertionError(f"the CRD was not established within {ESTABLISHED_SECONDS} s: {conditions}")


@pytest.fixture(scope="package")
def crd_server() -> Iterator[ControlPlane]:
    """One that this folder's tests share, ended after them: an idle one costs as well."""
    with ControlPlane() as running:
        yield running


@pytest.fixture(scope="package")
def installed_crd(crd_server: ControlPlane) -> dict[str, Any]:
    resources = Resources(crd_server)
    crd = custom_resource_definition()
    name = crd["metadata"]["name"]
    answer = resources.request("PATCH", f"{CRDS}/{name}?fieldManager=test&force=true", crd)
    assert answer.status in (200, 201), answer.body.get("message")
    return _wait_established(resources, name)


@pytest.fixture
def resources(crd_server: ControlPlane, installed_crd: dict[str, Any]) -> Resources:
    return Resources(crd_server)

"""A very small client of the API server: ready or not, get, server-side apply, delete."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localcluster.certificates import KeyPair
from localcluster.errors import ClusterError

APPLY = "application/apply-patch+yaml"
FIELD_MANAGER = "localcluster"
TIMEOUT_SECONDS = 10.0


class Api:
    """Speaks to one API server as one user; every request is a connection of its own."""

    def __init__(self, server: str, *, authority: Path, client: KeyPair) -> None:
        self.server = server
        self._context = ssl.create_default_context(cafile=str(authority))
        self._context.load_cert_chain(client.certificate, client.key)

    def is_ready(self) -> bool:
        """Whether this very API server, known by its authority, says that it is ready."""
        try:
            return self.request("GET", "/readyz")[0] == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path: str) -> dict[str, Any] | None:
        """The object at `path`, None when there is none."""
        status, body = self.request("GET", path)
        if status == http.client.NOT_FOUND:
            return None
        return self._checked(path, status, body)

    def apply(self, path: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Server-side apply, taking over fields: these objects are this cluster's own."""
        query = f"?fieldManager={FIELD_MANAGER}&force=true"
        body = json.dumps(manifest).encode()
        return self._checked(path, *self.request("PATCH", path + query, body=body))

    def request(self, method: str, path: str, *, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of one request; raises OSError when there is no answer."""
        address = urlsplit(self.server)
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port, timeout=TIMEOUT_SECONDS, context=self._context
        )
        headers = {"Content-Type": APPLY} if body is not None else {}
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _checked(self, path: str, status: int, body: bytes) -> dict[str, Any]:
        if status >= http.client.BAD_REQUEST:
            reason = f"{path} was answered with {status}: {body.decode(errors='replace')}"
            raise ClusterError("kube-apiserver", reason, "see the API server's log")
        answer: dict[str, Any] = json.loads(body)
        return answer

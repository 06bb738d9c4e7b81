"""etcd: one member on loopback, TLS both ways, no fsync since the data are not precious."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

from localcluster.api import Api
from localcluster.errors import ClusterError
from localcluster.pki import Pki
from localcluster.processes import Program

NAME = "etcd"


def etcd(binary: Path, *, data: Path, pki: Pki, client_port: int, peer_port: int) -> Program:
    """The command line of etcd, its data below `data`."""
    client, peer = f"https://127.0.0.1:{client_port}", f"https://127.0.0.1:{peer_port}"
    pair, trusted = pki.etcd, pki.etcd_authority.certificate
    argv = (
        f"{binary}",
        f"--data-dir={data / NAME}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        f"--cert-file={pair.certificate}",
        f"--key-file={pair.key}",
        f"--trusted-ca-file={trusted}",
        "--client-cert-auth",
        f"--peer-cert-file={pair.certificate}",
        f"--peer-key-file={pair.key}",
        f"--peer-trusted-ca-file={trusted}",
        "--peer-client-cert-auth",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )
    return Program(NAME, argv)


def compact(client: Api) -> int:
    """Forget every revision before the present one, which is returned."""
    revision = _ask(client, "range", {"key": "AA==", "limit": 1})["header"]["revision"]
    _ask(client, "compaction", {"revision": revision, "physical": True})
    return int(revision)


def _ask(client: Api, method: str, question: dict[str, Any]) -> dict[str, Any]:
    """A call of etcd's own API, by its JSON gateway."""
    status, body = client.request("POST", f"/v3/kv/{method}", body=json.dumps(question).encode())
    if status != http.client.OK:
        raise ClusterError(NAME, f"{method} was answered with {status}: {body.decode()}", "see etcd's log")
    answer: dict[str, Any] = json.loads(body)
    return answer

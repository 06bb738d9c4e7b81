"""etcd: one member on loopback, TLS both ways, no fsync since the data are not precious."""

from __future__ import annotations

from pathlib import Path

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

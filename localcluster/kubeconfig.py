"""Kubeconfig files: one cluster, one user, one context; JSON, which every YAML reader reads."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from localcluster.certificates import KeyPair


def kubeconfig(*, cluster: str, server: str, authority: Path, client: KeyPair) -> str:
    """The text of a kubeconfig that carries its certificates, so that it can be copied."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": cluster,
            "cluster": {"server": server, "certificate-authority-data": _inline(authority)},
        }],
        "users": [{
            "name": cluster,
            "user": {
                "client-certificate-data": _inline(client.certificate),
                "client-key-data": _inline(client.key),
            },
        }],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
    }  # fmt: skip
    return json.dumps(content, indent=2) + "\n"


def write_private(path: Path, text: str) -> Path:
    """Write a file that only its owner can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.touch(mode=0o600)
    partial.write_text(text)
    return partial.rename(path)


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()

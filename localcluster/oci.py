"""OCI archives of one layer, made without any tool: the pause image is a single file."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

MEDIA = "application/vnd.oci.image"
FASTEST = 1
"""No archive travels further than to the containerd of this machine."""


def single_file_image(binary: Path, *, name: str, architecture: str) -> bytes:
    """An image `FROM scratch` that holds one program and runs it; byte for byte reproducible."""
    layer = _tar({binary.name: binary.read_bytes()}, mode=0o755)
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": [f"/{binary.name}"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    return _archive(config, layer=gzip.compress(layer, FASTEST, mtime=0), name=name)


def _archive(config: dict[str, Any], *, layer: bytes, name: str) -> bytes:
    config_blob = json.dumps(config).encode()
    manifest = json.dumps({
        "schemaVersion": 2,
        "mediaType": f"{MEDIA}.manifest.v1+json",
        "config": _descriptor("config.v1+json", config_blob),
        "layers": [_descriptor("layer.v1.tar+gzip", layer)],
    }).encode()  # fmt: skip
    named = {"annotations": {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}}
    index = {"schemaVersion": 2, "manifests": [_descriptor("manifest.v1+json", manifest) | named]}
    blobs = {f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (config_blob, manifest, layer)}
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode()}
    return _tar({**files, **blobs}, mode=0o644)


def _descriptor(kind: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": f"{MEDIA}.{kind}", "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()

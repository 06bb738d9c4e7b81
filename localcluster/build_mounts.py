"""What an image's build gets from this machine, read-only and not kept: trust and pip's settings.

So that a company's proxy with its own authority, or its package index, works in builds too.
"""

from __future__ import annotations

import configparser
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian's programs look for authorities."""
PIP_CONFIG = "/etc/pip.conf"
PIP_FILES = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
BUNDLES = (
    BUNDLE,
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True)
class Mount:
    """A file or folder of this machine, and where the build sees it."""

    source: Path
    target: str


def build_mounts(scratch: Path, *, environment: Mapping[str, str] = os.environ) -> list[Mount]:
    """The mounts of one build; `scratch` holds the merged pip configuration while it runs."""
    mounts = [Mount(bundle, BUNDLE) for bundle in [find_bundle(environment)] if bundle]
    files = [Path(name).expanduser() for name in PIP_FILES]
    config = pip_configuration([path.read_text() for path in files if path.is_file()], environment)
    merged = scratch / "pip.conf"
    merged.write_text(config)
    links = Path(environment.get("PIP_FIND_LINKS", ""))
    if links.is_absolute() and links.is_dir():
        mounts.append(Mount(links, str(links)))
    return [*mounts, Mount(merged, PIP_CONFIG)]


def pip_configuration(files: Sequence[str], environment: Mapping[str, str]) -> str:
    """One pip.conf of the machine's files, later ones first to count, and its PIP_* variables."""
    parser = configparser.ConfigParser(interpolation=None)
    parser["global"] = {}
    for text in files:
        parser.read_string(text)
    for name, value in environment.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE":
            parser["global"][name.removeprefix("PIP_").lower().replace("_", "-")] = value
    if "cert" in parser["global"]:
        parser["global"]["cert"] = BUNDLE
    buffer = io.StringIO()
    parser.write(buffer)
    return buffer.getvalue()


def find_bundle(environment: Mapping[str, str]) -> Path | None:
    """The machine's bundle of authorities: what SSL_CERT_FILE names, else the usual places."""
    names = [environment.get("SSL_CERT_FILE", ""), *BUNDLES]
    return next((Path(name) for name in names if name and Path(name).is_file()), None)

"""The cluster's certificates, made with the `openssl` command: ECDSA P-256, ten years.

Each file is made once and kept, so that a repaired part trusts what the others already have.
"""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localcluster.errors import ClusterError

DAYS = "3650"
CURVE = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


@dataclass(frozen=True)
class KeyPair:
    """A private key and, beside it, its certificate (or public key)."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Subject:
    """Who a certificate is for; Kubernetes reads the organizations as groups.

    `hosts` are names and addresses that a server answers to; none for a mere client.
    """

    common_name: str
    organizations: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def authority(folder: Path, name: str) -> KeyPair:
    """A certificate authority of its own, `name.crt` and `name.key` in `folder`."""
    pair = _pair(folder, name)
    if not pair.certificate.exists():
        _generate_key(pair.key)
        request = ["req", "-x509", "-new", "-key", str(pair.key), "-days", DAYS]
        _write(pair.certificate, [*request, "-subj", f"/CN={name}"])
    return pair


def issue(folder: Path, name: str, *, subject: Subject, issuer: KeyPair) -> KeyPair:
    """A certificate for `subject`, signed by `issuer`, `name.crt` and `name.key` in `folder`."""
    pair = _pair(folder, name)
    if not pair.certificate.exists():
        _generate_key(pair.key)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            request, extensions = Path(scratch) / "request", Path(scratch) / "extensions"
            extensions.write_text(extension_lines(subject))
            ask = ["req", "-new", "-key", str(pair.key), "-out", str(request)]
            _openssl([*ask, "-subj", distinguished_name(subject)])
            sign = ["x509", "-req", "-in", str(request), "-days", DAYS, "-CAcreateserial"]
            sign += ["-CA", str(issuer.certificate), "-CAkey", str(issuer.key)]
            _write(pair.certificate, [*sign, "-extfile", str(extensions)])
    return pair


def signing_key(folder: Path, name: str) -> KeyPair:
    """A key pair without certificate, `name.pub` and `name.key`: service-account tokens."""
    pair = KeyPair(folder / f"{name}.pub", folder / f"{name}.key")
    if not pair.certificate.exists():
        _generate_key(pair.key)
        _write(pair.certificate, ["pkey", "-in", str(pair.key), "-pubout"])
    return pair


def distinguished_name(subject: Subject) -> str:
    """The subject in openssl's notation, `/O=group/CN=name`; slashes in names are escaped."""
    parts = [("O", name) for name in subject.organizations] + [("CN", subject.common_name)]
    return "".join(f"/{field}={name.replace('/', chr(92) + '/')}" for field, name in parts)


def extension_lines(subject: Subject) -> str:
    """What the certificate may be used for, and the hosts it is valid for."""
    usage = "clientAuth, serverAuth" if subject.hosts else "clientAuth"
    lines = [
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature",
        f"extendedKeyUsage = {usage}",
    ]
    if subject.hosts:
        lines.append(f"subjectAltName = {', '.join(_alternative_names(subject.hosts))}")
    return "\n".join(lines) + "\n"


def _alternative_names(hosts: Sequence[str]) -> list[str]:
    return [f"IP:{host}" if _is_address(host) else f"DNS:{host}" for host in hosts]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _pair(folder: Path, name: str) -> KeyPair:
    return KeyPair(folder / f"{name}.crt", folder / f"{name}.key")


def _generate_key(path: Path) -> None:
    path.touch(mode=0o600)
    _openssl(["genpkey", *CURVE, "-out", str(path)])


def _write(path: Path, command: list[str]) -> None:
    """Through a temporary name: an interrupted run leaves no half certificate that looks whole."""
    partial = path.with_suffix(".partial")
    _openssl([*command, "-out", str(partial)])
    partial.rename(path)


def _openssl(arguments: list[str]) -> None:
    command = shutil.which("openssl")
    if command is None:
        raise ClusterError("certificates", "openssl is not installed", "install openssl")
    result = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        reason = f"openssl {arguments[0]} failed: {result.stderr.strip()}"
        raise ClusterError("certificates", reason, "check that openssl is 1.1.1 or newer")

"""Certificates as openssl itself sees them."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
from pathlib import Path

import pytest

from localcluster.certificates import Subject, authority, distinguished_name, issue, signing_key
from localcluster.errors import ClusterError
from localcluster.kubeconfig import kubeconfig
from localcluster.pki import make_pki


def openssl(*arguments: object) -> str:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_client_is_named_by_user_and_groups(tmp_path: Path) -> None:
    ca = authority(tmp_path, "ca")
    pair = issue(tmp_path, "admin", subject=Subject("admin", ("system:masters",)), issuer=ca)
    assert "OK" in openssl("verify", "-CAfile", ca.certificate, pair.certificate)
    text = openssl("x509", "-in", pair.certificate, "-noout", "-subject", "-ext", "extendedKeyUsage")
    assert "O = system:masters, CN = admin" in text
    assert "TLS Web Client Authentication" in text
    assert "Server" not in text


def test_a_server_answers_to_its_names_and_addresses(tmp_path: Path) -> None:
    subject = Subject("server", (), ("localhost", "127.0.0.1"))
    pair = issue(tmp_path, "server", subject=subject, issuer=authority(tmp_path, "ca"))
    text = openssl("x509", "-in", pair.certificate, "-noout", "-ext", "subjectAltName")
    assert "DNS:localhost, IP Address:127.0.0.1" in text


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    for pair in (authority(tmp_path, "ca"), signing_key(tmp_path, "tokens")):
        assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600


def test_what_exists_is_kept(tmp_path: Path) -> None:
    first = authority(tmp_path, "ca").certificate.read_bytes()
    assert authority(tmp_path, "ca").certificate.read_bytes() == first


def test_a_key_without_certificate_is_a_crash_to_mend(tmp_path: Path) -> None:
    ca = authority(tmp_path, "ca")
    ca.certificate.unlink()
    again = authority(tmp_path, "ca")
    assert openssl("x509", "-in", again.certificate, "-noout", "-pubkey") == openssl(
        "pkey", "-in", ca.key, "-pubout"
    )


def test_a_client_of_the_api_server_is_a_stranger_to_etcd(tmp_path: Path) -> None:
    pki = make_pki(tmp_path, addresses=("127.0.0.1",))
    with pytest.raises(subprocess.CalledProcessError):
        openssl("verify", "-CAfile", pki.etcd_authority.certificate, pki.admin.certificate)


def test_slashes_in_names_are_escaped() -> None:
    assert distinguished_name(Subject("a/b", ("c",))) == "/O=c/CN=a\\/b"


def test_what_openssl_refuses_is_reported(tmp_path: Path) -> None:
    subject = Subject("server", (), ("not a host name,",))
    with pytest.raises(ClusterError, match="openssl x509 failed"):
        issue(tmp_path, "server", subject=subject, issuer=authority(tmp_path, "ca"))


def test_a_kubeconfig_can_be_copied_elsewhere(tmp_path: Path) -> None:
    pki = make_pki(tmp_path, addresses=("127.0.0.1",))
    text = kubeconfig(
        cluster="one", server="https://127.0.0.1:1", authority=pki.authority.certificate, client=pki.admin
    )
    content = json.loads(text)
    data = content["users"][0]["user"]["client-certificate-data"]
    assert base64.b64decode(data) == pki.admin.certificate.read_bytes()
    assert str(tmp_path) not in text

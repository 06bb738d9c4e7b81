"""Secrets are compared in constant time, all of them, whichever is presented (G8)."""

from __future__ import annotations

import hmac
from pathlib import Path

import pytest

from parley_contract.access import ApiKey, TokenAuth
from parley_gateway.access.api_keys import ApiKeys
from parley_gateway.access.secret_files import SecretFile
from parley_gateway.access.tokens import StaticTokens

SECRETS = [b"first", b"second", b"third"]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for number, secret in enumerate(SECRETS):
        (tmp_path / f"s{number}").write_bytes(secret)
    return [tmp_path / f"s{number}" for number in range(len(SECRETS))]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What a presented secret was compared with, in constant time."""
    seen: list[bytes] = []
    real = hmac.compare_digest

    def compare(presented: bytes, secret: bytes) -> bool:
        seen.append(secret)
        return real(presented, secret)

    monkeypatch.setattr("parley_gateway.access.secret_files.hmac.compare_digest", compare)
    return seen


@pytest.mark.parametrize("presented", [*SECRETS, b"wrong", b""])
def test_g08_a_token_is_compared_with_all_of_them(
    files: list[Path], compared: list[bytes], presented: bytes
) -> None:
    known = StaticTokens(TokenAuth(token_files=files)).holder(presented)
    assert compared == SECRETS
    assert (known.name if known else None) == (f"s{SECRETS.index(presented)}" if presented in SECRETS else None)


@pytest.mark.parametrize("presented", [*SECRETS, b"wrong", b""])
def test_g08_an_api_key_is_compared_with_all_of_them(
    files: list[Path], compared: list[bytes], presented: bytes
) -> None:
    ApiKeys([ApiKey(name=file.name, file=file) for file in files]).holder(presented)
    assert compared == SECRETS


def test_g08_an_empty_file_matches_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    assert not SecretFile(tmp_path / "empty").matches(b"")


def test_g08_a_file_that_is_gone_matches_nothing_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "token").write_text("t")
    file = SecretFile(tmp_path / "token")
    (tmp_path / "token").unlink()
    assert not file.matches(b"t")
    assert "nothing matches it" in caplog.text

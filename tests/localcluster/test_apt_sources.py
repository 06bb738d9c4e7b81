"""The mirror is read from both notations of apt's sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcluster.apt_sources import Source, codename, parse_lines, parse_stanzas, read_sources
from localcluster.errors import ClusterError

STANZAS = """\
Types: deb
# a comment: with a colon
URIs: http://mirror.example.com/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .

Types: deb-src
URIs: http://sources.example.com/debian
Suites: bookworm
"""
LINES = """\
# deb http://commented.example.com/debian bookworm main
deb http://mirror.example.com/debian bookworm main contrib
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://tools.example.com/apt stable main
deb-src http://mirror.example.com/debian bookworm main
"""


def test_stanzas_with_comments_and_keys() -> None:
    assert list(parse_stanzas(STANZAS)) == [
        Source("http://mirror.example.com/debian", ("bookworm", "bookworm-updates"))
    ]


def test_lines_with_and_without_options() -> None:
    assert list(parse_lines(LINES)) == [
        Source("http://mirror.example.com/debian", ("bookworm",)),
        Source("https://tools.example.com/apt", ("stable",)),
    ]


def test_both_notations_are_read(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(LINES)
    (tmp_path / "sources.list.d" / "debian.sources").write_text(STANZAS)
    (tmp_path / "sources.list.d" / "debian.sources.save").write_text("not a source")
    assert len(list(read_sources(tmp_path))) == 3


def test_the_release_names_its_suite() -> None:
    assert codename('NAME="Debian"\nVERSION_CODENAME=bookworm\n') == "bookworm"


def test_a_release_without_suite_says_what_to_do() -> None:
    with pytest.raises(ClusterError, match="no code name"):
        codename("NAME=Other\n")

"""O11: a bill of materials names what an image has, as scanners read it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from quickstart.images import ROOT
from sbom.archive import ArchiveError, read_image
from sbom.components import components, is_wanted
from sbom.cyclonedx import document
from sbom.lock import locked_hashes
from tests.unit.sbom.schema import problems

SITE = "opt/parley/lib/python3.13/site-packages"
STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u13
Description: GNU C Library
 Version: not this one

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
"""
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Files: *
License: LGPL-2.1-or-later
Files: other
License: GPL-2.0-only
"""
LABELS = {
    "org.opencontainers.image.version": "0.1.0",
    "org.opencontainers.image.licenses": "Apache-2.0",
    "org.opencontainers.image.revision": "abc",
}
INSTALLED = ("pydantic", "click", "PyYAML")


def metadata(name: str) -> bytes:
    """What a real distribution says of itself."""
    text = distribution(name).read_text("METADATA")
    assert text
    return text.encode()


def layer(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            _add(archive, name, data)
    return content.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An image of three layers; the last one takes something away."""
    layers = {
        "base/layer.tar": {
            "./var/lib/dpkg/status": STATUS.encode(),
            "./usr/share/doc/libc6/copyright": COPYRIGHT.encode(),
            "./etc/os-release": b"ID=debian\nVERSION_CODENAME=bookworm\n",
            "./usr/bin/python3": b"\x7fELF",
        },
        "ours/layer.tar": {
            "opt/parley/pyvenv.cfg": b"home = /usr/bin\nversion = 3.13.1\n",
            f"{SITE}/gone-1.0.dist-info/METADATA": b"Name: gone\nVersion: 1.0\n",
            f"{SITE}/swept/old-1.0.dist-info/METADATA": b"Name: old\nVersion: 1.0\n",
            **{f"{SITE}/{name}-x.dist-info/METADATA": metadata(name) for name in INSTALLED},
        },
        "last/layer.tar": {f"{SITE}/.wh.gone-1.0.dist-info": b"", f"{SITE}/swept/.wh..wh..opq": b""},
    }
    path = tmp_path / "image.tar"
    with tarfile.open(path, "w") as outer:
        manifest = [{"Config": f"{'ab' * 32}.json", "Layers": list(layers)}]
        configuration = {"architecture": "amd64", "config": {"Labels": LABELS}}
        _add(outer, "manifest.json", json.dumps(manifest).encode())
        _add(outer, f"{'ab' * 32}.json", json.dumps(configuration).encode())
        for name, files in layers.items():
            _add(outer, name, layer(files))
    return path


@pytest.fixture
def bill(archive: Path) -> dict[str, Any]:
    hashes = locked_hashes((ROOT / "requirements" / "dev.txt").read_text())
    return document(read_image(archive, wanted=is_wanted), name="parley/operator:0.1.0", hashes=hashes)


def by_name(bill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {component["name"]: component for component in bill["components"]}


def test_o11_it_is_cyclonedx(bill: dict[str, Any]) -> None:
    assert problems(bill) == []
    assert problems({**bill, "components": [{"name": "x"}]}) != []


def test_o11_it_names_what_is_installed_and_nothing_that_was_removed(bill: dict[str, Any]) -> None:
    assert set(by_name(bill)) == {"libc6", "python", *map(str.lower, INSTALLED)}
    assert by_name(bill)["click"]["version"] == distribution("click").version
    assert by_name(bill)["libc6"]["purl"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=bookworm"
    assert by_name(bill)["python"]["version"] == "3.13.1"


def test_o11_each_distribution_has_the_hashes_that_pip_was_held_to(bill: dict[str, Any]) -> None:
    lock = locked_hashes((ROOT / "requirements" / "dev.txt").read_text())
    for name in map(str.lower, INSTALLED):
        [reference] = by_name(bill)[name]["externalReferences"]
        told = tuple(one["content"] for one in reference["hashes"])
        assert told == lock[name, distribution(name).version]


def test_o11_licences_are_those_that_each_part_claims(bill: dict[str, Any]) -> None:
    assert by_name(bill)["click"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert by_name(bill)["libc6"]["licenses"] == [
        {"license": {"name": "GPL-2.0-only"}},
        {"license": {"name": "LGPL-2.1-or-later"}},
    ]
    assert by_name(bill)["pyyaml"]["licenses"] == [{"license": {"name": "MIT License"}}]


def test_o11_it_says_which_image_and_revision_it_is_of(bill: dict[str, Any]) -> None:
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"]) == ("parley/operator:0.1.0", "0.1.0")
    assert root["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert {"name": "org.opencontainers.image.revision", "value": "abc"} in root["properties"]
    [dependencies] = bill["dependencies"]
    assert set(dependencies["dependsOn"]) == {component["purl"] for component in bill["components"]}


def test_o11_the_same_image_has_the_same_bill(archive: Path, bill: dict[str, Any]) -> None:
    hashes = locked_hashes((ROOT / "requirements" / "dev.txt").read_text())
    again = document(read_image(archive, wanted=is_wanted), name="parley/operator:0.1.0", hashes=hashes)
    assert again == bill


def test_o11_a_licence_that_is_a_whole_text_is_left_out() -> None:
    text = b"Name: x\nVersion: 1\nLicense: Permission is hereby granted\n  to everybody\n"
    [component] = components({f"{SITE}/x-1.dist-info/METADATA": text}, architecture="amd64")
    assert component.licences == ()


def test_o11_what_carries_espeak_ng_says_so() -> None:
    text = b"Name: espeakng_loader\nVersion: 0.2.4\n"
    [component] = components({f"{SITE}/espeakng_loader-0.2.4.dist-info/METADATA": text}, architecture="amd64")
    assert (component.name, component.expression) == ("espeakng-loader", "GPL-3.0-or-later")


def test_o11_a_file_that_is_no_image_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    with tarfile.open(path, "w") as outer:
        _add(outer, "x", b"")
    with pytest.raises(ArchiveError, match="docker save"):
        read_image(path, wanted=is_wanted)


@pytest.mark.parametrize("name", ["operator", "gateway"])
def test_o11_every_locked_release_has_a_hash(name: str) -> None:
    lock = locked_hashes((ROOT / "requirements" / f"{name}.txt").read_text())
    assert len(lock) > 10
    assert [release for release, hashes in lock.items() if not hashes] == []

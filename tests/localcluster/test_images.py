"""Image names, Dockerfile arguments, and what builds borrow from the machine."""

from __future__ import annotations

import configparser
import io
import json
import tarfile
from pathlib import Path

import pytest

from localcluster.build_mounts import BUNDLE, PIP_CONFIG, build_mounts, pip_configuration
from localcluster.images import default_of, qualified
from localcluster.oci import single_file_image


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("gateway", "localhost/gateway:latest"),
        ("gateway:1", "localhost/gateway:1"),
        ("parley/gateway:1", "localhost/parley/gateway:1"),
        ("localhost/gateway:1", "localhost/gateway:1"),
        ("registry.example.com/gateway:1", "registry.example.com/gateway:1"),
        ("registry.example.com:5000/gateway", "registry.example.com:5000/gateway:latest"),
    ],
)
def test_an_image_without_registry_is_localhosts(tag: str, name: str) -> None:
    assert qualified(tag) == name
    assert qualified(name) == name


def test_the_default_of_a_build_argument() -> None:
    dockerfile = "# ARG PYTHON_IMAGE=no\nARG OTHER=1\nARG PYTHON_IMAGE=python:3.13-slim\nFROM ${PYTHON_IMAGE}\n"
    assert default_of("PYTHON_IMAGE", dockerfile) == "python:3.13-slim"
    assert default_of("MISSING", dockerfile) is None


def test_pip_settings_of_files_and_environment_are_merged() -> None:
    files = ["[global]\nindex-url = https://one.example.com\ntimeout = 5\n", "[global]\ntimeout = 6\n"]
    environment = {
        "PIP_NO_INPUT": "1",
        "PIP_CERT": "/somewhere/ca.pem",
        "PIP_CONFIG_FILE": "/x",
        "HOME": "/home/me",
    }
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(pip_configuration(files, environment))
    assert dict(parser["global"]) == {
        "index-url": "https://one.example.com",
        "timeout": "6",
        "no-input": "1",
        "cert": BUNDLE,
    }


def test_a_password_with_percent_signs_survives() -> None:
    text = pip_configuration(["[global]\nindex-url = https://me:a%40b@one.example.com\n"], {})
    assert "https://me:a%40b@one.example.com" in text


def test_builds_see_the_machines_authorities_and_package_folder(tmp_path: Path) -> None:
    bundle, links, scratch = tmp_path / "bundle.pem", tmp_path / "wheels", tmp_path / "scratch"
    bundle.write_text("certificate")
    links.mkdir()
    scratch.mkdir()
    environment = {"SSL_CERT_FILE": str(bundle), "PIP_FIND_LINKS": str(links)}
    mounts = {mount.target: mount.source for mount in build_mounts(scratch, environment=environment)}
    assert mounts == {BUNDLE: bundle, str(links): links, PIP_CONFIG: scratch / "pip.conf"}


def test_a_single_file_image_is_whole_and_reproducible(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"program")
    image = single_file_image(program, name="localhost/pause:1", architecture="amd64")
    assert image == single_file_image(program, name="localhost/pause:1", architecture="amd64")
    with tarfile.open(fileobj=io.BytesIO(image)) as archive:
        files = {name: _content(archive, name) for name in archive.getnames()}
    (entry,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(files[f"blobs/sha256/{entry['digest'][7:]}"])
    for descriptor in (entry, manifest["config"], *manifest["layers"]):
        assert len(files[f"blobs/sha256/{descriptor['digest'][7:]}"]) == descriptor["size"]
    assert entry["annotations"]["io.containerd.image.name"] == "localhost/pause:1"


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    assert member is not None
    return member.read()

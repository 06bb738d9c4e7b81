"""Which images there are, and when one is another although its tag is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from quickstart import images as module
from quickstart.images import Image, images


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("Dockerfile.gateway", "pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / name).write_text(name)
    for name in ("requirements/build.txt", "requirements/gateway.txt", "operator/a.py", "gateway/b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def digest() -> str:
    return Image("gateway", "0.1").source


def test_the_operator_is_tagged_by_version_and_the_gateway_by_release() -> None:
    operator, gateway = images()
    assert (
        operator.reference("registry.example.com/parley") == f"registry.example.com/parley/operator:{operator.tag}"
    )
    assert operator.tag.startswith(f"{gateway.tag}.")


@pytest.mark.parametrize(
    "name", ["Dockerfile.gateway", "requirements/gateway.txt", "gateway/b.py", "operator/a.py"]
)
def test_what_an_image_is_built_from_changes_its_digest(sources: Path, name: str) -> None:
    before = digest()
    (sources / name).write_text("changed")
    assert digest() != before


def test_a_renamed_file_changes_the_digest(sources: Path) -> None:
    before = digest()
    (sources / "gateway/b.py").rename(sources / "gateway/c.py")
    assert digest() != before


@pytest.mark.parametrize(
    "name", ["gateway/__pycache__/b.pyc", "gateway/__pycache__/b.pyc.1407", "docs/page.md", "requirements/dev.txt"]
)
def test_what_an_image_is_not_built_from_does_not(sources: Path, name: str) -> None:
    before = digest()
    (sources / name).parent.mkdir(exist_ok=True)
    (sources / name).write_text("new")
    assert digest() == before

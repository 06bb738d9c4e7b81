"""Archives of images are made once for each key, and few are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localcluster.archives import KEPT, Archives
from localcluster.progress import Progress


class Maker:
    """Makes archives, and counts them."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, folder: Path) -> Path:
        self.made += 1
        archive = folder / "image.tar"
        archive.write_text(f"number {self.made}")
        return archive


@pytest.fixture
def archives(tmp_path: Path) -> Archives:
    return Archives(tmp_path / "archives", Progress(quiet=True))


def use(archives: Archives, key: str, make: Maker, *, name: str = "gateway", at: int = 0) -> str:
    """The content of an archive, which counts as used `at` some second."""
    with archives.kept(name, key, make) as archive:
        os.utime(archive, (at, at))
        return archive.read_text()


def names(archives: Archives) -> set[str]:
    return {path.name for path in archives.folder.iterdir()} - {"lock"}


def test_what_was_made_of_the_same_is_not_made_again(archives: Archives) -> None:
    make = Maker()
    assert use(archives, "a", make) == use(archives, "a", make) == "number 1"
    assert use(archives, "b", make) == "number 2"


def test_those_used_last_are_kept_of_each_image(archives: Archives) -> None:
    make = Maker()
    use(archives, "other", make, name="operator")
    for number in range(KEPT):
        use(archives, f"{number}", make, at=number)
    use(archives, "0", make, at=KEPT)
    left = archives.folder / ".gateway-of-one-who-was-killed"
    left.mkdir()
    use(archives, "new", make, at=KEPT + 1)
    kept = {"operator-other", "gateway-0", "gateway-new"}
    assert names(archives) == {f"{name}.tar{end}" for name in kept for end in ("", ".lock")}

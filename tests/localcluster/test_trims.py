"""A trimmed dependency lacks what was left out, has what was put in, and is otherwise what was fetched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from localcluster import trims
from localcluster.errors import ClusterError
from localcluster.trims import copy_trimmed, is_left_out
from localcluster.versions import GoModule, Trim

MODULE = GoModule("example.org/engine", "v1.0.0", "h1:x")
TRIM = Trim(MODULE, source="lean", left_out=("scalers/*_scaler.go", "clouds"), kept=("scalers/cpu_scaler.go",))


@dataclass(frozen=True)
class FetchedAlready:
    """Go, whose cache has the module in `fetched`."""

    module: Path
    fetched: Path
    checksum: str = MODULE.checksum

    def __call__(self, *arguments: str) -> str:
        assert arguments == ("mod", "download", "-json", "example.org/engine@v1.0.0")
        return json.dumps({"Dir": str(self.fetched), "Sum": self.checksum})


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        ("scalers/queue_scaler.go", True),
        ("scalers/cpu_scaler.go", False),
        ("scalers/scaler.go", False),
        ("clouds", True),
        ("docs/clouds", False),
    ],
)
def test_patterns_say_what_is_left_out_and_names_what_stays(path: str, left_out: bool) -> None:
    assert is_left_out(TRIM, path) is left_out


def test_the_copy_has_our_files_in_place_of_what_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched, module = tmp_path / "fetched", tmp_path / "module"
    for name in ("main.go", "scalers/cpu_scaler.go", "scalers/queue_scaler.go", "clouds/deep/cloud.go"):
        (fetched / name).parent.mkdir(parents=True, exist_ok=True)
        (fetched / name).write_text("theirs")
    for folder in (fetched, *(path for path in fetched.rglob("*") if path.is_dir())):
        folder.chmod(0o555)  # as Go leaves it
    monkeypatch.setattr(trims, "sources", {"lean": {"clouds/none.go": "ours", "scalers/list.go": "ours"}}.get)

    copy_trimmed(TRIM, go=FetchedAlready(module, fetched))  # type: ignore[arg-type]  # it is called, no more

    copy = module / "trimmed" / "lean"
    assert {path.relative_to(copy).as_posix(): path.read_text() for path in copy.rglob("*.go")} == {
        "main.go": "theirs",
        "scalers/cpu_scaler.go": "theirs",
        "scalers/list.go": "ours",
        "clouds/none.go": "ours",
    }


def test_a_module_of_another_checksum_is_refused(tmp_path: Path) -> None:
    go = FetchedAlready(tmp_path / "module", tmp_path, checksum="h1:forged")
    with pytest.raises(ClusterError, match="h1:forged in place of h1:x"):
        copy_trimmed(TRIM, go=go)  # type: ignore[arg-type]  # it is called, no more

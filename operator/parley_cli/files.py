"""The files that a command is given: as arguments or by -f, folders meaning the YAML files in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from parley_cli.resources import Checked, UnreadableError, check
from parley_operator.api import KIND

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
STANDARD_INPUT = Path("-")


def takes_files(command: _Command) -> _Command:
    """Gives a command the parameters `files` and `filenames`, for `checked`."""
    argument = click.argument("files", type=_PATH, nargs=-1, metavar="[FILE]...")
    option = click.option(
        "-f",
        "--filename",
        "filenames",
        type=_PATH,
        multiple=True,
        help="A YAML file, a folder of them, or - for standard input; may be repeated, as may FILE.",
    )
    return argument(option(command))


def checked(files: Iterable[Path], *, ingress_controller: str | None) -> list[Checked]:
    """Every VoiceDeployment in the files. Raises click.UsageError for what cannot be read."""
    found = [one for path in files for one in _checked(path, ingress_controller)]
    if not found:
        raise click.UsageError("name a YAML file with a VoiceDeployment in it, or - for standard input")
    return found


def _checked(path: Path, ingress_controller: str | None) -> list[Checked]:
    """Those of a file, or of the files in a folder; it is a mistake if there is none."""
    try:
        found = [one for file in _within(path) for one in check(file, ingress_controller=ingress_controller)]
    except UnreadableError as error:
        raise click.UsageError(str(error)) from error
    if not found:
        raise click.UsageError(f"{path}: there is no {KIND} in it")
    return found


def _within(path: Path) -> list[Path]:
    """The file itself, or a folder's YAML files in the order of their names."""
    if path == STANDARD_INPUT or not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))

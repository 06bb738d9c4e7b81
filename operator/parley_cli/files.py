"""The files that a command is given: as arguments or by -f, folders meaning the YAML files in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from parley_cli.resources import Checked, Supposed, UnreadableError, check
from parley_operator.api import KIND
from parley_operator.render.apis import OPTIONAL

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


def takes_supposed(command: _Command) -> _Command:
    """Gives a command the parameters `apis` and `ingress_controller`, for `supposed`."""
    for option in (
        click.option(
            "--api",
            "apis",
            multiple=True,
            type=click.Choice(["all", "none", *sorted(OPTIONAL)]),
            metavar="KIND",
            help="A kind that somebody else's API brings, such as HTTPRoute or PodMonitor; may be repeated. "
            "Default: all of them; `none` for a cluster that has none.",
        ),
        click.option(
            "--ingress-controller", help="As its IngressClass says, such as traefik.io/ingress-controller."
        ),
    ):
        command = option(command)
    return command


def supposed(apis: Iterable[str], ingress_controller: str | None) -> Supposed:
    """The cluster that a file is checked for."""
    said = set(apis) - {"none"}
    kinds = frozenset(OPTIONAL) if "all" in said or not tuple(apis) else frozenset(said)
    return Supposed(kinds, ingress_controller)


@dataclass(frozen=True, slots=True)
class Read:
    """What the files hold, and what keeps some of them from being read."""

    found: tuple[Checked, ...]
    unreadable: tuple[str, ...]


def read(files: Iterable[Path], suppose: Supposed) -> Read:
    """Every VoiceDeployment in the files; one that cannot be read hides no other.

    Raises click.UsageError where no file is named.
    """
    paths = list(files)
    if not paths:
        raise click.UsageError("name a YAML file with a VoiceDeployment in it, or - for standard input")
    found: list[Checked] = []
    unreadable: list[str] = []
    for path in paths:
        before = len(found), len(unreadable)
        try:
            files_within = _within(path)
        except OSError as error:
            files_within = []
            unreadable.append(f"{path}: {error.strerror}")
        for file in files_within:
            try:
                found += check(file, suppose)
            except UnreadableError as error:
                unreadable.append(str(error))
        if before == (len(found), len(unreadable)):
            unreadable.append(f"{path}: there is no {KIND} in it")
    return Read(tuple(found), tuple(unreadable))


def checked(files: Iterable[Path], suppose: Supposed) -> list[Checked]:
    """Every VoiceDeployment in the files. Raises click.UsageError where one cannot be read."""
    result = read(files, suppose)
    if result.unreadable:
        raise click.UsageError("\n".join(result.unreadable))
    return list(result.found)


def _within(path: Path) -> list[Path]:
    """The file itself, or a folder's YAML files in the order of their names."""
    if path == STANDARD_INPUT or not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))

"""The files that a command is given: as arguments or by -f, folders meaning the YAML files in them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from parley_cli.checked import Checked, Remark, Supposed
from parley_cli.documents import Document, UnreadableError, documents
from parley_cli.exits import USAGE
from parley_cli.expected import is_ours, misnamed, missing
from parley_operator.render.apis import OPTIONAL

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
STANDARD_INPUT = Path("-")
_COLOURS = {"error": "red", "warning": "yellow"}


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
    unreadable: tuple[UnreadableError, ...]


def read(files: Iterable[Path], suppose: Supposed) -> Read:
    """Every VoiceDeployment in the files; one that cannot be read hides no other.

    Raises click.UsageError where no file is named.
    """
    # With it come the models, which help does without.
    from parley_cli.resources import check

    paths = list(files)
    if not paths:
        raise click.UsageError("name a YAML file with a VoiceDeployment in it, or - for standard input")
    found: list[Checked] = []
    unreadable: list[UnreadableError] = []
    for path in paths:
        before = len(found), len(unreadable)
        others: list[Document] = []
        try:
            files_within = _within(path)
        except OSError as error:
            files_within = []
            unreadable.append(UnreadableError(str(path), str(error.strerror)))
        for file in files_within:
            try:
                within = documents(file)
            except UnreadableError as error:
                unreadable.append(error)
                continue
            found += [check(file, one, suppose) for one in within if is_ours(one)]
            others += [one for one in within if not is_ours(one)]
            unreadable += misnamed(file, within)
        if not files_within and before == (len(found), len(unreadable)):
            unreadable.append(
                UnreadableError(
                    str(path), "there is no YAML file in this folder; folders in it are not looked into"
                )
            )
        if before == (len(found), len(unreadable)):
            unreadable.append(missing(path, others))
    return Read(tuple(found), tuple(unreadable))


def checked(files: Iterable[Path], suppose: Supposed) -> list[Checked]:
    """Every VoiceDeployment in the files. Where one cannot be read, says so and ends the command."""
    result = read(files, suppose)
    show_unreadable(result)
    if result.unreadable:
        sys.exit(USAGE)
    return list(result.found)


def show_errors(one: Checked) -> None:
    """What a cluster would refuse of one resource, on standard error, in the lines of `parley validate`."""
    for remark in one.errors:
        click.echo(said_of(one, remark, "error"), err=True)


def said_of(one: Checked, remark: Remark, grade: str) -> str:
    """One line that begins with the place; `grade` is error or warning."""
    return f"{one.file}:{remark.line}: {click.style(grade, fg=_COLOURS[grade])}: {one.name}: {remark}"


def show_unreadable(result: Read) -> None:
    """Each in one line on standard error, beginning with the place."""
    for one in result.unreadable:
        click.echo(f"{one.place}: {click.style('error', fg='red')}: {one.message}", err=True)


def _within(path: Path) -> list[Path]:
    """The file itself, or a folder's YAML files in the order of their names."""
    if path == STANDARD_INPUT or not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))

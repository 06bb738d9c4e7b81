"""`parley validate`: what is wrong with a VoiceDeployment, before a cluster says so."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from parley_cli.checked import Checked
from parley_cli.exits import FAILED, USAGE
from parley_cli.files import Read, read, said_of, show_unreadable, supposed, takes_files, takes_supposed
from parley_cli.output import TEXT, takes_output, write


@click.command("validate")
@takes_files
@takes_supposed
@takes_output
def command(
    files: tuple[Path, ...],
    filenames: tuple[Path, ...],
    apis: tuple[str, ...],
    ingress_controller: str | None,
    output: str,
) -> None:
    """Check the VoiceDeployments in files, without a cluster.

    Errors are what a cluster would refuse; warnings are what it would take and you should know of. Each begins
    with FILE:LINE. Notes are for whoever runs the ingress controller, and are said once.

    Ends with 0 where there is no error, 1 where there is one, 2 where a file cannot be read; the others are
    checked all the same.
    """
    result = read((*files, *filenames), supposed(apis, ingress_controller))
    if output != TEXT:
        write([_content(one) for one in result.found], output)
    else:
        for one in result.found:
            _show(one)
        _show_notes(result.found)
        _show_unchecked(result.found)
    show_unreadable(result)
    sys.exit(_status(result))


def _status(result: Read) -> int:
    if result.unreadable:
        return USAGE
    return FAILED if any(one.errors for one in result.found) else 0


def _content(one: Checked) -> dict[str, object]:
    errors, warnings, notes = (
        [{"line": remark.line, "path": remark.path, "message": remark.message} for remark in remarks]
        for remarks in (one.errors, one.warnings, one.notes)
    )
    return {
        "file": str(one.file),
        "name": one.name,
        "valid": not errors,
        "errors": errors,
        "warnings": warnings,
        "notes": notes,
    }


def _show(one: Checked) -> None:
    for remark in one.errors:
        click.echo(said_of(one, remark, "error"))
    for remark in one.warnings:
        click.echo(said_of(one, remark, "warning"))
    if not one.errors:
        click.echo(f"{one.name}: {click.style('valid', fg='green')}")


def _show_notes(found: Iterable[Checked]) -> None:
    """Each once, whomever it concerns: it is for whoever runs the ingress controller."""
    named: dict[str, list[Checked]] = {}
    for one in found:
        for remark in one.notes:
            named.setdefault(str(remark), []).append(one)
    for message, concerned in named.items():
        names = ", ".join(dict.fromkeys(one.name for one in concerned))
        click.echo(f"{click.style('note', fg='cyan')}: {names}: {message}")
    if named:
        click.echo(
            "Once that is seen to, `endpoint.controllerAdvice: Acknowledged` keeps it from being said again."
        )


def _show_unchecked(found: Iterable[Checked]) -> None:
    """As the API server says it: who mends all errors may meet further ones."""
    names = ", ".join(dict.fromkeys(one.name for one in found if not one.rules_checked))
    if names:
        said = "some rules between fields were not checked: mend these errors first"
        click.echo(f"{click.style('note', fg='cyan')}: {names}: {said}")

"""`parley validate`: what is wrong with a VoiceDeployment, before a cluster says so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from parley_cli.files import checked, takes_files
from parley_cli.resources import Checked


@click.command("validate")
@takes_files
@click.option("--ingress-controller", help="As its IngressClass says, such as traefik.io/ingress-controller.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to report.")
def command(
    files: tuple[Path, ...], filenames: tuple[Path, ...], ingress_controller: str | None, output: str
) -> None:
    """Check the VoiceDeployments in files, without a cluster.

    Errors are what a cluster would refuse; warnings are what it would take and you should know of. Ends with 0
    where there is no error, 1 where there is one, 2 where the file cannot be read.
    """
    found = checked((*files, *filenames), ingress_controller=ingress_controller)
    if output == "json":
        click.echo(json.dumps([_content(one) for one in found]))
    else:
        for one in found:
            _show(one)
    sys.exit(1 if any(one.errors for one in found) else 0)


def _content(one: Checked) -> dict[str, object]:
    return {"name": one.name, "valid": not one.errors, "errors": one.errors, "warnings": one.warnings}


def _show(one: Checked) -> None:
    for error in one.errors:
        click.echo(f"{one.name}: {click.style('error', fg='red')}: {error}")
    for warning in one.warnings:
        click.echo(f"{one.name}: {click.style('warning', fg='yellow')}: {warning}")
    if not one.errors:
        click.echo(f"{one.name}: {click.style('valid', fg='green')}")

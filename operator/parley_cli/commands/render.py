"""`parley render`: everything that a VoiceDeployment becomes, as YAML."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parley_cli.files import checked, takes_files
from parley_cli.resources import Checked
from parley_operator.api.yaml_text import as_yaml_stream


@click.command("render")
@takes_files
@click.option("--ingress-controller", help="As its IngressClass says, such as traefik.io/ingress-controller.")
def command(files: tuple[Path, ...], filenames: tuple[Path, ...], ingress_controller: str | None) -> None:
    """Show the objects that the operator makes of the VoiceDeployments in files.

    Secrets are left out: the operator makes their content in the cluster. Ends with 1 where there is an error.
    """
    found = checked((*files, *filenames), ingress_controller=ingress_controller)
    for one in found:
        _show(one)
    sys.exit(1 if any(one.errors for one in found) else 0)


def _show(one: Checked) -> None:
    for error in one.errors:
        click.echo(f"{one.name}: {click.style('error', fg='red')}: {error}", err=True)
    for warning in one.warnings:
        click.echo(f"{one.name}: {click.style('warning', fg='yellow')}: {warning}", err=True)
    if one.rendered:
        click.echo(as_yaml_stream(one.rendered.manifests), nl=False)

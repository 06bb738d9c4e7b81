"""`parley version`."""

from __future__ import annotations

from importlib.metadata import version

import click

from parley_cli.output import TEXT, takes_output, write
from parley_contract.versions import SCHEMA_VERSION, SUBPROTOCOL


@click.command("version")
@takes_output
def command(output: str) -> None:
    """Show the release of this command, and what it speaks."""
    about = {"version": version("parley-voice"), "protocol": SUBPROTOCOL, "configSchema": SCHEMA_VERSION}
    if output != TEXT:
        write(about, output)
    else:
        click.echo(f"parley {about['version']} (protocol {SUBPROTOCOL}, configuration schema {SCHEMA_VERSION})")

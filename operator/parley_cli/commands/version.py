"""`parley version`."""

from __future__ import annotations

import json
from importlib.metadata import version

import click

from parley_contract.versions import SCHEMA_VERSION, SUBPROTOCOL


@click.command("version")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to show it.")
def command(output: str) -> None:
    """Show the release of this command, and what it speaks."""
    about = {"version": version("parley-voice"), "protocol": SUBPROTOCOL, "configSchema": SCHEMA_VERSION}
    if output == "json":
        click.echo(json.dumps(about))
    else:
        click.echo(f"parley {about['version']} (protocol {SUBPROTOCOL}, configuration schema {SCHEMA_VERSION})")

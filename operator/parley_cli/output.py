"""What programs read: the same content as JSON or as YAML."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

TEXT = "text"


def takes_output(command: _Command) -> _Command:
    """Gives a command the parameter `output`: text, or what `write` writes."""
    choice = click.Choice([TEXT, "json", "yaml"])
    option = click.option("-o", "--output", type=choice, default=TEXT, show_default=True, help="How to show it.")
    return option(command)


def write(content: Any, output: str) -> None:
    """For programs."""
    plain = json.dumps(content)
    if output == "json":
        click.echo(plain)
        return
    from parley_operator.api.yaml_text import as_yaml

    click.echo(as_yaml(json.loads(plain)), nl=False)

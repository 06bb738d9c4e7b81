"""How commands end, the same for all: docs/cli.md has the table."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

FAILED = 1
"""What was asked for did not happen, or something is wrong."""
CHANGES = 1
"""Of `diff`, as of `kubectl diff`: something would change."""
USAGE = 2
"""The command was called wrongly, or a file cannot be read. click's own."""
UNTOLD = 2
"""Of `diff`: whether something would change cannot be told. A file is wrong, or the API server refuses it."""
UNREACHABLE = 3
"""Nobody answers: the API server, the gateway, the database."""
REFUSED = 4
"""Somebody answered, and said no: rights, tokens, admission."""
INTERRUPTED = 130
"""Ctrl-C, as a shell tells it."""


class UnreachableError(click.ClickException):
    """Nobody answers."""

    exit_code = UNREACHABLE


class RefusedError(click.ClickException):
    """Somebody answered, and said no."""

    exit_code = REFUSED


def fail(message: str, status: int) -> NoReturn:
    """Say it as every command says errors, and end."""
    tell(message)
    sys.exit(status)


def tell(message: str) -> None:
    """Say what went wrong in click's own form, and go on."""
    click.echo(f"Error: {message}", err=True)

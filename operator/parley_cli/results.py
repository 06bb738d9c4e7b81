"""What a command has done: a sentence for people, and one object of the same shape for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import click

from parley_cli.output import TEXT, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of `suspend`, `resume`, `rollback`, `promote` and `drain`."""

    action: str
    """The command."""
    kind: str = "VoiceDeployment"
    namespace: str
    name: str
    changed: bool = True
    """Whether anything was written: what was so already is no failure."""
    revision: str | None = None
    """The revision that is to run, where the command chose one."""
    message: str

    def show(self, output: str) -> None:
        """As it was asked for."""
        if output == TEXT:
            click.echo(f"{self.name}: {self.message}")
        else:
            write(asdict(self), output)

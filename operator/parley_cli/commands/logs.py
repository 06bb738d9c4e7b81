"""`parley logs`: what the gateways of a VoiceDeployment have logged, all pods together, or of one session."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from typing import Any

import click

from parley_cli.cluster import CONNECTIONS, Cluster, on_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.exits import FAILED, tell
from parley_cli.logs import Line, Wanted, Written, follow, written
from parley_cli.parameters import duration, voice_deployment
from parley_cli.suggested import suggested
from parley_cli.target import Target, takes_cluster

_COLOURS = {"warning": "yellow", "error": "red", "critical": "red", "debug": "bright_black"}
_ASIDE = frozenset({"time", "level", "logger", "message"})


@click.command("logs")
@click.argument("name", callback=voice_deployment, shell_complete=voice_deployment_names)
@click.option("--session", metavar="ID", help="Only of this session; `parley talk` and records name it.")
@click.option("-f", "--follow", "follows", is_flag=True, help="Go on until Ctrl-C, with pods that come later.")
@click.option("--since", metavar="DURATION", callback=duration, help="Only so far back, such as 30s, 5m or 1h.")
@click.option("--tail", type=click.IntRange(min=0), metavar="LINES", help="Only the last lines of each pod.")
@click.option("-p", "--previous", is_flag=True, help="Of containers before their restart, after a crash.")
@takes_cluster
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one object a line.",
)
def command(
    name: str,
    session: str | None,
    follows: bool,
    since: float | None,
    tail: int | None,
    previous: bool,
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    output: str,
) -> None:
    """Show the log of all pods of a VoiceDeployment in the order of time.

    Pods that are gone have taken their logs along: a cluster's log collector has them. It needs the right `get` on
    `pods/log`.
    """
    if follows and previous:
        raise click.UsageError("what has ended cannot be followed: give --follow or --previous")
    wanted = Wanted(session, None if since is None else math.ceil(since), tail, previous)

    def show(line: Line) -> None:
        click.echo(_as_json(line) if output == "json" else _as_text(line))

    async def work(cluster: Cluster) -> tuple[str, Written]:
        await cluster.voice_deployment(name)
        if follows:
            await follow(cluster, name, wanted, show)  # until Ctrl-C
        return cluster.namespace, await written(cluster, name, wanted)

    with contextlib.suppress(KeyboardInterrupt):
        # Each pod that is followed keeps a connection.
        connections = 0 if follows else CONNECTIONS
        place, found = on_cluster(Target(kubeconfig, context, namespace), work, connections=connections)
        for line in found.lines:
            show(line)
        _show_rest(found, _nothing(name, session, namespace=place))


def _show_rest(found: Written, nothing: str) -> None:
    """Which pods told nothing, and why; where none told anything, that."""
    for why in found.untold:
        tell(why)
    if found.untold and not found.lines:
        sys.exit(FAILED)
    if not found.lines:
        click.echo(nothing, err=True)


def _nothing(name: str, session: str | None, *, namespace: str) -> str:
    if session is None:
        return (
            f"No pod of {name} has logged anything. "
            f"{suggested('status', name, namespace=namespace)} shows its pods."
        )
    return f"No pod of {name} that is there has logged anything of session {session}."


def _as_json(line: Line) -> str:
    return json.dumps({"pod": line.pod, **line.fields}, ensure_ascii=False)


def _as_text(line: Line) -> str:
    fields = line.fields
    level = str(fields.get("level", ""))
    rest = " ".join(f"{name}={_plain(value)}" for name, value in fields.items() if name not in _ASIDE)
    head = f"{click.style(line.time, dim=True)} {line.pod} {click.style(f'{level:7}', fg=_COLOURS.get(level))}"
    return f"{head} {fields.get('message', '')}{f'  {rest}' if rest else ''}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

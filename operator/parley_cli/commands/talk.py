"""`parley talk`: a conversation from the terminal, with a microphone, with recordings or in writing."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from parley_cli.conversing import Script, converse
from parley_cli.exits import FAILED, INTERRUPTED, REFUSED, UNREACHABLE, USAGE, fail
from parley_cli.microphone import NoMicrophoneError, converse_live
from parley_cli.no_session import advised
from parley_cli.parameters import duration
from parley_cli.report import JsonReport, Report, TextReport
from parley_client import ParleyError, RefusedError, UnreachableError, WavError, samples
from parley_client.target import Target
from parley_contract.native import TEXT_LIMIT

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise click.BadParameter("give it as HOST:PORT, such as 127.0.0.1:8443")
    return host.strip("[]"), int(port)


def _url(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A wrong one is told before a microphone is looked for."""
    if value.startswith(("ws://", "wss://")):
        return value
    raise click.BadParameter(
        f"{value} is no address of an agent: it begins with wss:// or ws://, as `parley status` shows"
    )


def _typed(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    if all(len(value.strip()) > 0 and len(value) <= TEXT_LIMIT for value in values):
        return values
    raise click.BadParameter(f"a typed turn has 1 to {TEXT_LIMIT} characters")


def _writable(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """Known before the conversation, not after it."""
    if value is not None and not value.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {value.absolute().parent} does not exist")
    return value


@click.command("talk")
@click.argument("url", callback=_url)
@click.option(
    "--token",
    envvar="PARLEY_TOKEN",
    help="The agent's token. Others on this machine see it here: --token-file and $PARLEY_TOKEN hide it.",
)
@click.option("--token-file", type=_FILE, help="File that holds the token.")
@click.option("--ca-file", type=_FILE, help="Certificate authority to trust, in PEM.")
@click.option("--insecure", is_flag=True, help="Accept any certificate: for a first try only.")
@click.option(
    "--connect",
    "address",
    metavar="HOST:PORT",
    callback=_address,
    help="Where to connect, in place of what the name in URL leads to.",
)
@click.option("--wav", "recordings", multiple=True, type=_FILE, help="Say this recording; may be given again.")
@click.option(
    "--sample",
    "spoken",
    multiple=True,
    type=click.Choice(samples.names()),
    help="Say a recording that comes with this command, before those of --wav; embedded speech understands them.",
)
@click.option(
    "--text", "texts", multiple=True, callback=_typed, help="Type this; may be given again; after the recordings."
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=_writable,
    help="Write the answers to this WAV file.",
)
@click.option(
    "--timeout",
    metavar="DURATION",
    callback=duration,
    default="30s",
    show_default=True,
    help="How long to wait for each answer.",
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to report."
)
def command(
    url: str,
    token: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    insecure: bool,
    address: tuple[str, int] | None,
    recordings: tuple[Path, ...],
    spoken: tuple[str, ...],
    texts: tuple[str, ...],
    save: Path | None,
    timeout: float,
    output: str,
) -> None:
    """Hold a conversation with the agent at URL (ws:// or wss://).

    With --sample, --wav or --text it says these, waits for each answer and ends; otherwise it uses the
    microphone until Ctrl-C. It ends with 0 when every answer came, 1 when one did not, 3 when nothing was
    reached, 4 when the gateway refused.
    """
    target = Target(
        url=url,
        token=token_file.read_text(encoding="utf-8").strip() if token_file else token,
        ssl_context=_ssl_context(ca_file, insecure=insecure),
        address=address,
    )
    report: Report = JsonReport() if output == "json" else TextReport()
    recordings = (*(samples.path(name) for name in spoken), *recordings)
    if recordings or texts:
        script = Script(recordings=recordings, texts=texts, timeout_s=timeout)
        _run(target, lambda: converse(target, script, report=report, save=save))
    else:
        _run(target, lambda: converse_live(target, report=report, save=save))


def _ssl_context(ca_file: Path | None, *, insecure: bool) -> ssl.SSLContext | None:
    if ca_file is None and not insecure:
        return None
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise click.BadParameter(f"{ca_file} holds no certificate in PEM", param_hint="--ca-file") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _run(target: Target, work: Callable[[], Any]) -> None:
    """Run to the end, which is an exit status."""
    try:
        asyncio.run(work())
    except (WavError, NoMicrophoneError) as error:
        fail(str(error), USAGE)
    except UnreachableError as error:
        fail(advised(error, target), UNREACHABLE)
    except RefusedError as error:
        fail(advised(error, target), REFUSED)
    except ParleyError as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)

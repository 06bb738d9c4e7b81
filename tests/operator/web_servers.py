"""Debian's nginx and HAProxy, to be configured as ingress controllers configure theirs."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from getpass import getuser
from pathlib import Path
from typing import Any

from aiohttp import web

from localcluster.debian import command_path, require_commands
from localcluster.paths import cache_dir
from localcluster.ports import is_listening
from localcluster.progress import Progress
from tests.unit.operator.facts import the
from tests.unit.operator.test_ingress import rendered

SECONDS = 30.0


def require_servers() -> None:
    """Both installed; with RUNLEVEL=1 in the environment neither is started by its installation."""
    require_commands({"nginx": "nginx", "haproxy": "haproxy"}, cache=cache_dir(), progress=Progress(quiet=True))


def words_for(controller: str, **endpoint: Any) -> dict[str, str]:
    """What the operator tells a controller by the annotations of Ingress and Service."""
    found = rendered(controller, **endpoint)
    kinds = (the(found, "Ingress"), the(found, "Service"))
    return {key: value for body in kinds for key, value in body["metadata"].get("annotations", {}).items()}


@contextmanager
def nginx(folder: Path, servers: str) -> Iterator[None]:
    """With these `server` blocks. Its workers keep bodies in a folder that is ours alone."""
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi"))
    (folder / "nginx.conf").write_text(
        f"user {getuser()}; daemon off; pid {folder}/pid; error_log {folder}/log; events {{}}"
        f"http {{ access_log off; {temporary} uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; {servers} }}"
    )
    with _running(command_path("nginx"), "-e", str(folder / "log"), "-c", str(folder / "nginx.conf")):
        yield


@contextmanager
def haproxy(folder: Path, servers: str) -> Iterator[None]:
    """With these `frontend` and `backend` blocks."""
    (folder / "haproxy.cfg").write_text(f"defaults\n    mode http\n    timeout connect 5s\n{servers}")
    with _running(command_path("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")):
        yield


@contextmanager
def _running(*command: str) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


@asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[int]:
    """The server behind them, as the port that it listens on."""
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def until_listening(*ports: int) -> None:
    """Until whatever was started answers on all of them."""
    async with asyncio.timeout(SECONDS):
        while not all(is_listening("127.0.0.1", port) for port in ports):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

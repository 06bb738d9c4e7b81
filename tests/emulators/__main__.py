"""`python -m tests.emulators --port 8089`: the emulators as a process, for tests of whole programs."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.emulators.control import SCRIPTS
from tests.emulators.emulators import Emulators


def main() -> None:
    """Serve until SIGTERM or SIGINT. The first line on standard output is the address."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulators", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--scripts", type=Path, help='JSON: {"anthropic": {"replies": ["Hello."]}, ...}')
    arguments = parser.parse_args()
    scripts = json.loads(arguments.scripts.read_text()) if arguments.scripts else {}
    asyncio.run(_serve(arguments.host, arguments.port, scripts))


async def _serve(host: str, port: int, scripts: dict[str, object]) -> None:
    emulators = Emulators()
    for provider, script in scripts.items():
        getattr(emulators, provider).set_script(SCRIPTS[provider].model_validate(script))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await emulators.start(host, port)
    print(emulators.url, flush=True)
    await stopped.wait()
    await emulators.stop()


if __name__ == "__main__":
    main()

"""The command `parley-gateway`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from parley_contract.config import GatewayConfig
from parley_gateway import configuration, demo, logs, trust
from parley_gateway.configuration import ConfigurationError
from parley_gateway.drain import Stop
from parley_gateway.gateway import Gateway
from parley_gateway.listener import listen

logger = logging.getLogger("parley_gateway")

_EXIT_CONFIGURATION = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a gateway until it is stopped; 0 after a clean end, 2 where it cannot start as it is configured."""
    arguments = _parser().parse_args(argv)
    trust.keep_to_bundle(os.environ)
    try:
        with _configured(arguments) as config:
            logs.configure(level=config.log_level, human=arguments.demo)
            listener = listen(
                arguments.host or ("" if not arguments.demo else demo.HOST), _port(arguments, config)
            )
            port = listener.getsockname()[1]
            _run(config, listener, ready=lambda: _announce(port, for_demo=arguments.demo))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return _EXIT_CONFIGURATION
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley-gateway", description="Holds spoken conversations.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", type=Path, metavar="FILE", help="a GatewayConfig in JSON")
    source.add_argument("--demo", action="store_true", help="embedded speech on this machine alone")
    parser.add_argument("--host", help="address to listen on (default: all; with --demo this machine only)")
    parser.add_argument("--port", type=int, metavar="N", help="instead of the configured one; 0 takes a free one")
    return parser


@contextmanager
def _configured(arguments: argparse.Namespace) -> Iterator[GatewayConfig]:
    if arguments.demo:
        with demo.configuration() as config:
            yield config
    else:
        yield configuration.load(arguments.config)


def _port(arguments: argparse.Namespace, config: GatewayConfig) -> int:
    return config.port if arguments.port is None else int(arguments.port)


def _run(config: GatewayConfig, listener: socket.socket, *, ready: Callable[[], None]) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_stopped(config, listener, ready))


async def _until_stopped(config: GatewayConfig, listener: socket.socket, ready: Callable[[], None]) -> None:
    gateway = Gateway(config)
    stop = Stop()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.on_loop_error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
    loop.add_signal_handler(signal.SIGUSR1, gateway.profiles.toggle)
    logger.info("listening", extra={"port": listener.getsockname()[1]})
    await gateway.run(listener, stop=stop, ready=ready)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _announce(port: int, *, for_demo: bool) -> None:
    logger.info("ready", extra={"port": port})
    if for_demo:
        print(demo.guide(port), flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.bench.operator`: how fast many VoiceDeployments are served, and what that takes."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

from tests.bench.operator.report import circumstances, requests_table, table, verdicts, write
from tests.bench.operator.trial import trial
from tests.bench.processes import ROOT

SIZES, QUICK_SIZES, FULL_SIZES = (100, 1000), (100,), (100, 1000, 5000)
WITHIN_S = 1800.0


def main() -> None:
    """Measure, print and keep; what is too slow is said, and is no error."""
    asyncio.run(_measure(_parser().parse_args()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.operator", description=main.__doc__)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--quick", dest="sizes", action="store_const", const=QUICK_SIZES, help="100 resources alone"
    )
    sizes.add_argument("--full", dest="sizes", action="store_const", const=FULL_SIZES, help="5,000 as well")
    sizes.add_argument("--sizes", dest="sizes", type=int, nargs="+", help="these numbers of resources")
    parser.add_argument("--within", type=float, default=WITHIN_S, help="seconds after which a size is given up")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "build", help="folder for bench-operator.md and .json"
    )
    parser.set_defaults(sizes=SIZES)
    return parser


async def _measure(arguments: argparse.Namespace) -> None:
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f}s] {text}", flush=True)

    seen = []
    for size in arguments.sizes:
        say(f"{size:,} resources")
        seen.append(await trial(size, within=arguments.within, say=say))
        write(arguments.output, seen, where=circumstances())
    print(f"\n{table(seen)}\n{requests_table(seen[-1])}\n{circumstances()}")
    print("\n".join(verdicts(seen)))


if __name__ == "__main__":
    main()

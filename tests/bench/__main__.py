"""`python -m tests.bench --pipecat PATH --gateway PATH`: every row of the table, beside Pipecat, in one run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvloop

from tests.bench.contenders.pipecat import Pipecat
from tests.bench.processes import ROOT
from tests.bench.report import circumstances, table, write
from tests.bench.rows import FULL, QUICK, Benchmark, Row
from tests.bench.trial import Place, Trials

_SECONDS = 15.0
_QUICK_SECONDS = 10.0


def main() -> None:
    """Measure, print and keep; what is too slow is said, and is no error."""
    arguments = _parser().parse_args()
    place = Place.here()
    os.sched_setaffinity(0, place.load)
    if arguments.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    uvloop.run(_measure(arguments, place))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--pipecat", type=Path, required=True, help="the python of Pipecat's environment")
    parser.add_argument("--gateway", type=Path, required=True, help="the python of the gateway's environment")
    parser.add_argument("--quick", action="store_true", help="shorter, and no search for the most sessions")
    parser.add_argument("--only", nargs="+", metavar="PART", help="some of the parts")
    parser.add_argument(
        "--realtime", action="store_true", help="all processes before any other of the machine; needs root"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build", help="folder for bench.md and bench.json")
    return parser


async def _measure(arguments: argparse.Namespace, place: Place) -> None:
    theirs = Pipecat(arguments.pipecat)
    trials = Trials(place, seconds=_QUICK_SECONDS if arguments.quick else _SECONDS)
    benchmark = Benchmark(
        trials, theirs=theirs, python=arguments.gateway, sizes=QUICK if arguments.quick else FULL
    )
    print(f"{circumstances()}; the server on core {place.server}", flush=True)
    rows: list[Row] = []
    for name, part in benchmark.parts().items():
        if arguments.only is None or name in arguments.only:
            print(name, flush=True)
            rows += await part()
            write(arguments.output, rows, trials.seen, theirs=theirs.name)
    print(f"\n{table(rows, theirs=theirs.name)}\n{circumstances()}", flush=True)


if __name__ == "__main__":
    main()

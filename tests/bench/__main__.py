"""`python -m tests.bench`: every measurement, with figures for a person."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.bench.gateway import measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[5, 20], help="how many talk at once, per run")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run")
    arguments = parser.parse_args()
    cores = os.sched_getaffinity(0)
    if len(cores) > 1:
        os.sched_setaffinity(0, cores - {0})
    for sessions in arguments.sessions:
        with tempfile.TemporaryDirectory() as folder:
            report = measure(sessions=sessions, seconds=arguments.seconds, folder=Path(folder))
        print("\n".join(report.lines()), flush=True)


if __name__ == "__main__":
    main()

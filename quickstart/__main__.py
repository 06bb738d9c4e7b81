"""`python -m quickstart run | images | down`, as the Makefile calls it."""

from __future__ import annotations

import argparse
import sys

from localcluster.errors import ClusterError
from localcluster.progress import Progress
from quickstart.clusters.base import Cluster
from quickstart.clusters.current import CurrentCluster
from quickstart.clusters.kind import KindCluster
from quickstart.clusters.local import LocalNode
from quickstart.commands import StepError
from quickstart.farewell import forget
from quickstart.images import images
from quickstart.walk import Walk


def main() -> int:
    """0 when the path was walked to its end, 1 with what to do about it when not."""
    options = _parser().parse_args()
    progress = Progress()
    cluster = _cluster(options, progress)
    try:
        match options.command:
            case "run":
                Walk(cluster, progress=progress).go()
            case "images":
                cluster.up()
                for image in images():
                    cluster.provide(image)
            case "down":
                with progress.step(f"taking away {cluster.title}"):
                    cluster.down()
                forget()
                progress.say("nothing of it is left running")
    except ClusterError as error:
        print(error.report(), file=sys.stderr)
        return 1
    except StepError as error:
        print(_report(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; `make down` takes away what was started, `make run` goes on", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m quickstart", description=__doc__)
    parser.add_argument("command", choices=("run", "images", "down"))
    parser.add_argument("--cluster", choices=("local", "kind", "current"), default="local")
    parser.add_argument("--registry", default="", help="for --cluster current: where to push images")
    return parser


def _cluster(options: argparse.Namespace, progress: Progress) -> Cluster:
    match options.cluster:
        case "kind":
            return KindCluster(progress=progress)
        case "current":
            return CurrentCluster(options.registry, progress=progress)
        case _:
            return LocalNode(progress=progress)


def _report(error: StepError) -> str:
    lines = [f"\nfailed: {error.reason}", *(f"  | {line}" for line in error.lines)]
    if error.remedy:
        lines.append(f"what to do: {error.remedy}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

"""Waits with a deadline, which end early when the part they wait for has died."""

from __future__ import annotations

import time
from collections.abc import Callable

from localcluster.errors import ClusterError
from localcluster.processes import Processes

INTERVAL_SECONDS = 0.05


def wait_for_part(
    name: str,
    *,
    processes: Processes,
    ready: Callable[[], bool],
    seconds: float,
    needs: tuple[str, ...] = (),
) -> None:
    """Wait until a part answers; raise when it, or a part that it needs, dies, or at the deadline.

    The error has the log of the part to blame: the first of those needed that has died.
    """
    log = processes.log(name)
    deadline = time.monotonic() + seconds
    while not ready():
        for part in (*needs, name):
            if not processes.is_running(part):
                remedy = "see its log; `up` again once the cause is gone"
                raise ClusterError(part, "it ended while it was starting", remedy, processes.log(part))
        if time.monotonic() > deadline:
            remedy = "see its log; a machine under heavy load may need a second `up`"
            raise ClusterError(name, f"it was not ready within {seconds:.0f} s", remedy, log)
        time.sleep(INTERVAL_SECONDS)

"""The operator with its clock moved: `python -m tests.operator.moved_clock DAYS run …`."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from parley_operator.__main__ import main
from parley_operator.assembly import reconciler
from parley_operator.reconcile import utc_now


def move(by: timedelta) -> None:
    """Let whatever is reconciled in this process be so much later."""

    def clock() -> datetime:
        return utc_now() + by

    defaults = reconciler.__kwdefaults__
    assert defaults is not None
    defaults["clock"] = clock


if __name__ == "__main__":
    days, *arguments = sys.argv[1:]
    move(timedelta(days=int(days)))
    sys.exit(main(arguments))

"""`python3 -m localcluster`: up, down, status, kubeconfig, env, load, build-image."""

from __future__ import annotations

import os
import sys

from localcluster.commands import run
from localcluster.errors import ClusterError


def main() -> int:
    """Run one command; 0 when it did what it should, 1 with a report when it did not."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except ClusterError as error:
        print(error.report(), file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("interrupted; `down` removes what was started, `up` begins anew", file=sys.stderr)
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())

"""`python -m parley_operator`, also installed as `parley-operator`: run the operator."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import socket
import sys
from collections.abc import Sequence

from parley_operator.gather import Release
from parley_operator.kube.errors import LeadershipLostError
from parley_operator.kube.lease import LeaseTimes
from parley_operator.reconcile import LOOK_AGAIN
from parley_operator.render.facts import GATEWAY_IMAGE
from parley_operator.render.image import images_named
from parley_operator.runtime.logging import configure_logging
from parley_operator.runtime.operator import Operator
from parley_operator.runtime.settings import OperatorOptions

logger = logging.getLogger(__name__)

RELEASE = "0.1"
"""The gateway release that this operator installs where a resource names none."""
EXIT_DEFECT = 1
EXIT_LEASE_LOST = 3
"""Another process may lead by now; whoever runs this one is to start it again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM; returns the exit status."""
    options = _parse(arguments)
    configure_logging(options.log_level)
    try:
        asyncio.run(Operator(options, _release(options)).run())
    except BaseExceptionGroup as errors:
        return _exit_status(errors)
    return 0


def _exit_status(errors: BaseExceptionGroup[BaseException]) -> int:
    lost, others = errors.split(LeadershipLostError)
    if others is not None:
        logger.error("ended by a defect", exc_info=others)
        return EXIT_DEFECT
    logger.error("leadership lost, exiting", extra={"errors": len(lost.exceptions) if lost else 0})
    return EXIT_LEASE_LOST


def _release(options: OperatorOptions) -> Release:
    repository, images = images_named(options.gateway_image or GATEWAY_IMAGE, RELEASE)
    return Release(
        version=RELEASE,
        image_repository=repository,
        images=images,
        pull_policy=options.gateway_pull_policy,
    )


def _parse(arguments: Sequence[str] | None) -> OperatorOptions:
    parser = argparse.ArgumentParser(prog="parley-operator", description="Reconciles VoiceDeployments.")
    parser.add_argument("command", nargs="?", choices=["run"], default="run", help="run is all there is")
    parser.add_argument(
        "--namespace", action="append", default=[], help="work here only; repeatable; none: everywhere"
    )
    parser.add_argument("--kubeconfig", help="default: $KUBECONFIG, the pod's service account, ~/.kube/config")
    parser.add_argument(
        "--standalone", action="store_true", help="no leader election: only where one process runs"
    )
    parser.add_argument("--lease-namespace", default=os.environ.get("POD_NAMESPACE", "default"))
    parser.add_argument("--lease-name", default="parley-operator")
    parser.add_argument("--lease-duration", type=float, default=15.0, metavar="SECONDS")
    parser.add_argument("--lease-renew-deadline", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--lease-retry", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument(
        "--gateway-image", help=f"repository, or one image with tag or digest; default {GATEWAY_IMAGE}"
    )
    parser.add_argument(
        "--gateway-pull-policy", default="IfNotPresent", choices=["Always", "IfNotPresent", "Never"]
    )
    parser.add_argument(
        "--look-again",
        type=float,
        default=LOOK_AGAIN,
        metavar="SECONDS",
        help="when to look again at what no watch tells of: an object of others in the way, a missing right",
    )
    parser.add_argument("--http-host", default="0.0.0.0")  # noqa: S104 - probes come from outside the pod
    parser.add_argument(
        "--http-port", type=int, default=8080, help="for /healthz, /readyz and /metrics; 0: any free"
    )
    parser.add_argument("--log-level", default="Info", choices=["Debug", "Info", "Warning", "Error"])
    found = parser.parse_args(arguments)
    try:
        times = LeaseTimes(found.lease_duration, found.lease_renew_deadline, found.lease_retry)
    except ValueError as error:
        parser.error(str(error))
    return OperatorOptions(
        namespaces=tuple(found.namespace),
        kubeconfig=found.kubeconfig,
        standalone=found.standalone,
        lease_namespace=found.lease_namespace,
        lease_name=found.lease_name,
        lease_times=times,
        identity=f"{os.environ.get('POD_NAME') or socket.gethostname()}-{secrets.token_hex(4)}",
        pod_namespace=os.environ.get("POD_NAMESPACE"),
        gateway_image=found.gateway_image,
        gateway_pull_policy=found.gateway_pull_policy,
        look_again=found.look_again,
        http_host=found.http_host,
        http_port=found.http_port,
        log_level=found.log_level,
    )


if __name__ == "__main__":
    sys.exit(main())

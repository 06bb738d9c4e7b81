"""Which cluster and which namespace a command means, as its options say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from parley_cli.completions import context_names, namespace_names

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster and namespace; None is what the kubeconfig says."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None


def takes_cluster(command: _Command) -> _Command:
    """Gives a command the parameters `kubeconfig`, `context` and `namespace`, for `Target`."""
    for option in (
        click.option("--kubeconfig", metavar="FILE", help="Kubeconfig, instead of $KUBECONFIG or ~/.kube/config."),
        click.option(
            "--context",
            metavar="NAME",
            shell_complete=context_names,
            help="Context of the kubeconfig, instead of its current one.",
        ),
        click.option(
            "-n",
            "--namespace",
            metavar="NAME",
            shell_complete=namespace_names,
            help="Namespace, instead of the context's.",
        ),
    ):
        command = option(command)
    return command


def takes_everywhere(command: _Command) -> _Command:
    """Gives a command the parameter `everywhere`."""
    option = click.option(
        "-A", "--all-namespaces", "everywhere", is_flag=True, help="All namespaces; not with NAME."
    )
    return option(command)


def refuse_everywhere(name: str, *, everywhere: bool) -> None:
    """A name is one of a namespace. Raises click.UsageError."""
    if everywhere:
        raise click.UsageError(f"{name} is of one namespace: give NAME or --all-namespaces")

"""The command line's grammar."""

from __future__ import annotations

import argparse
from pathlib import Path

DEFAULT_NAMES = {"full": "default", "control-plane": "control-plane"}


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python3 -m localcluster", description="A Kubernetes without Docker.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = _cluster_command(commands, "up", "bring the cluster up, or repair it")
    up.add_argument("--egress", action="store_true", help="let pods reach what this machine reaches")
    _cluster_command(commands, "down", "remove the cluster and everything that belongs to it")
    _cluster_command(commands, "status", "say what runs and where to connect")
    _cluster_command(commands, "kubeconfig", "print the kubeconfig's path")
    _cluster_command(commands, "env", "print shell exports of PATH and KUBECONFIG")
    load = _cluster_command(commands, "load", "give the cluster an image")
    load.add_argument("image", metavar="IMAGE", help="a tag built with build-image, or an archive's path")
    _build_image(commands)
    _cluster_command(commands, "build", "build the programs into the cache and start nothing")
    return top


def _cluster_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary)
    command.add_argument("--profile", choices=tuple(DEFAULT_NAMES), default="full")
    command.add_argument("--name", help="for a second cluster beside the first")
    command.add_argument(
        "--cluster",
        choices=("local", "kind", "current"),
        default="local",
        help="the local node, a kind cluster, or the current context of your kubeconfig",
    )
    return command


def _build_image(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "build an image without a daemon"
    command = commands.add_parser("build-image", help=summary, description=summary)
    command.add_argument("tag", metavar="TAG")
    command.add_argument("-f", "--file", type=Path, required=True, metavar="DOCKERFILE")
    command.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    command.add_argument("context", type=Path, metavar="CONTEXT")

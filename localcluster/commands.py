"""What each command does."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Sequence

from localcluster.arguments import DEFAULT_NAMES, parser
from localcluster.builds import BuildCache
from localcluster.cluster import LocalCluster
from localcluster.control_plane import ControlPlane
from localcluster.errors import ClusterError
from localcluster.images import Build, Images, qualified
from localcluster.paths import StatePaths, cache_dir
from localcluster.progress import Progress
from localcluster.record import load_record
from localcluster.status import describe, describe_control_plane
from localcluster.target import Local, Target, target
from localcluster.versions import CONTROL_PLANE, FULL


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit status."""
    options = parser().parse_args(arguments)
    return COMMANDS[options.command](options, Progress())


def _up(options: argparse.Namespace, progress: Progress) -> int:
    if options.profile == "control-plane":
        plane = _control_plane(options, progress).start()
        print(describe_control_plane(plane)[0])
        return 0
    chosen = _target(options, progress)
    chosen.up()
    if isinstance(chosen, Local):
        print(describe(chosen.cluster)[0])
    return 0


def _down(options: argparse.Namespace, progress: Progress) -> int:
    if _is_control_plane(options):
        _control_plane(options, progress).stop()
    else:
        _target(options, progress).down()
    progress.say("nothing is left running")
    return 0


def _status(options: argparse.Namespace, progress: Progress) -> int:
    if _is_control_plane(options):
        text, well = describe_control_plane(_control_plane(options, progress))
        print(text)
        return 0 if well else 1
    chosen = _target(options, progress)
    if not isinstance(chosen, Local):
        chosen.up()
        print(f"kubeconfig  {chosen.kubeconfig}")
        return 0
    text, well = describe(chosen.cluster)
    print(text)
    return 0 if well else 1


def _kubeconfig(options: argparse.Namespace, progress: Progress) -> int:
    path = _target(options, progress).kubeconfig
    if not path.exists():
        raise ClusterError("kubeconfig", f"{path} does not exist", "run `up` first")
    print(path)
    return 0


def _env(options: argparse.Namespace, progress: Progress) -> int:
    """Text for `eval "$(python3 -m localcluster env)"`."""
    chosen = _target(options, progress)
    folders = [*map(str, chosen.tools()), *os.environ.get("PATH", "").split(os.pathsep)]
    path = os.pathsep.join(dict.fromkeys(folders))  # said twice, it is there once
    print(f"export PATH={shlex.quote(path)}")
    print(f"export KUBECONFIG={shlex.quote(str(chosen.kubeconfig))}")
    return 0


def _load(options: argparse.Namespace, progress: Progress) -> int:
    _target(options, progress).load(options.image)
    return 0


def _build_image(options: argparse.Namespace, progress: Progress) -> int:
    tag = qualified(options.tag)
    build = Build(tag, options.file, options.context, tuple(options.build_arg))
    Images(progress=progress).build(build)
    print(tag)
    return 0


def _build(options: argparse.Namespace, progress: Progress) -> int:
    builds = CONTROL_PLANE if options.profile == "control-plane" else FULL
    BuildCache(cache_dir(), progress=progress).ensure(builds)
    return 0


def _target(options: argparse.Namespace, progress: Progress) -> Target:
    cluster = LocalCluster(name=_name(options), progress=progress, egress=getattr(options, "egress", False))
    return target(options.cluster, cluster=cluster, progress=progress)


def _control_plane(options: argparse.Namespace, progress: Progress) -> ControlPlane:
    return ControlPlane(name=_name(options), outlives=True, progress=progress)


def _is_control_plane(options: argparse.Namespace) -> bool:
    """By its record, so that `--name` is enough once it is up."""
    record = load_record(StatePaths.of(_name(options)))
    return record.profile == "control-plane" if record else options.profile == "control-plane"


def _name(options: argparse.Namespace) -> str:
    name: str = options.name or DEFAULT_NAMES[options.profile]
    return name


COMMANDS: dict[str, Callable[[argparse.Namespace, Progress], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "kubeconfig": _kubeconfig,
    "env": _env,
    "load": _load,
    "build-image": _build_image,
    "build": _build,
}

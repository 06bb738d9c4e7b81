"""Commands that come with the operating system: found, installed where that is possible, or named."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.locks import locked
from localcluster.progress import Progress

NODE_COMMANDS: Mapping[str, str] = {
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "modprobe": "kmod",
    "mount": "mount",
    "openssl": "openssl",
}
"""What a node needs: command and Debian package."""

IMAGE_COMMANDS: Mapping[str, str] = {"buildah": "buildah"}
BASE_IMAGE_COMMANDS: Mapping[str, str] = {"debootstrap": "debootstrap"}

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where administrators' commands lie; an ordinary user's PATH may lack them."""


def require_commands(commands: Mapping[str, str], *, cache: Path, progress: Progress) -> None:
    """Make sure that the commands exist: by apt-get as root on Debian, else say what is missing."""
    missing = [package for command, package in commands.items() if find_command(command) is None]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ClusterError("packages", f"missing: {' '.join(missing)}", _remedy(missing))
    waiting = "waiting for another installation of packages"
    with (
        locked(cache / "packages.lock", on_wait=lambda: progress.say(waiting)),
        progress.step(f"installing {' '.join(missing)}"),
    ):
        _install(missing, log=cache / "packages.log")


def find_command(name: str) -> str | None:
    """Path of a command, looked for in the administrators' folders too."""
    return shutil.which(name, path=search_path())


def search_path() -> str:
    """The user's PATH and the administrators' folders."""
    return os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS])


def command_path(name: str) -> str:
    """Like `find_command`, for a command that `require_commands` has made sure of."""
    path = find_command(name)
    if path is None:
        raise ClusterError("packages", f"the command {name} is missing", _remedy([name]))
    return path


def _install(packages: list[str], *, log: Path) -> None:
    """The lists first: those of a fresh image are empty or old."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    with log.open("w") as handle:
        for command in (["apt-get", "update"], install):
            result = subprocess.run(
                command, env=environment, stdout=handle, stderr=handle, stdin=subprocess.DEVNULL, check=False
            )
    if result.returncode != 0:
        raise ClusterError("packages", "apt-get could not install them", _remedy(packages), log)


def _remedy(packages: list[str]) -> str:
    return f"as root: apt-get update && apt-get install {' '.join(packages)} (or your system's equivalent)"

"""Runs the programs a person would run by hand, and turns their failures into something to act on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

LAST_LINES = 15
"""How much of a program's last words an error repeats."""


class StepError(Exception):
    """A step of the path failed.

    `reason` says what, `remedy` what to do about it, `lines` what the failing part said last.
    """

    def __init__(self, reason: str, remedy: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.lines = reason, remedy, lines


@dataclass(frozen=True)
class Commands:
    """Programs with the environment of one cluster: its kubectl, its helm, its kubeconfig."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to this process's own."""

    def all(self) -> dict[str, str]:
        """The whole environment that programs get."""
        return {**os.environ, **self.environment}

    def path(self, name: str, *, remedy: str = "") -> str:
        """Where the program is on this environment's PATH.

        Raises:
            StepError: when it is not there.
        """
        program = shutil.which(name, path=self.all().get("PATH"))
        if program is None:
            raise StepError(f"{name} is not installed", remedy or f"install {name} and put it on PATH")
        return program

    def read(self, *command: str, given: str | None = None, timeout: float = 60.0, remedy: str = "") -> str:
        """The output of a command that must succeed within `timeout` seconds.

        Raises:
            StepError: with the last lines it wrote.
        """
        return self._run(command, given=given, timeout=timeout, remedy=remedy, captured=True)

    def show(self, *command: str, timeout: float, remedy: str = "") -> None:
        """A command whose own progress the person sees.

        Raises:
            StepError: when it fails or takes longer than `timeout` seconds.
        """
        self._run(command, given=None, timeout=timeout, remedy=remedy, captured=False)

    def succeeds(self, *command: str, timeout: float = 60.0) -> bool:
        """Whether a command that may fail does not."""
        try:
            self.read(*command, timeout=timeout)
        except StepError:
            return False
        return True

    def _run(
        self, command: tuple[str, ...], *, given: str | None, timeout: float, remedy: str, captured: bool
    ) -> str:
        program = self.path(command[0], remedy=remedy)
        try:
            answer = subprocess.run(
                [program, *command[1:]],
                input=given,
                stdin=None if given is not None else subprocess.DEVNULL,
                capture_output=captured,
                text=True,
                env=self.all(),
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise StepError(f"`{_short(command)}` took more than {timeout:.0f} s", remedy) from None
        if answer.returncode != 0:
            lines = tuple(((answer.stderr or "") + (answer.stdout or "")).splitlines()[-LAST_LINES:])
            raise StepError(f"`{_short(command)}` ended with {answer.returncode}", remedy, lines)
        return answer.stdout or ""


def _short(command: tuple[str, ...]) -> str:
    return " ".join(command[:4]) + (" …" if len(command) > 4 else "")

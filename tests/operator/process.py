"""The operator as a real process: started, asked, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.forks import Fork

START_SECONDS = 90.0
STOP_SECONDS = 25.0


class OperatorProcess:
    """`python -m parley_operator run`, with its log in a file."""

    def __init__(self, kubeconfig: Path, log: Path, *arguments: str, days: int = 0, forked: bool = True) -> None:
        """`days`: how far its clock is ahead of the true one. `forked`: see tests/forks.py."""
        self._kubeconfig, self._log, self._arguments = kubeconfig, log, arguments
        self._forked, self._days = forked, days
        self._process: subprocess.Popen[bytes] | Fork | None = None

    def start(self) -> OperatorProcess:
        """Start it, or start it again after it ended."""
        arguments = ["run", "--kubeconfig", str(self._kubeconfig)]
        arguments += ["--http-host", "127.0.0.1", "--http-port", "0", *self._arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("POD_", "KUBERNETES_"))}
        self._log.write_bytes(b"")
        program = ["tests.operator.moved_clock", str(self._days)] if self._days else ["parley_operator"]
        with self._log.open("ab") as log:
            if self._forked and not self._days:
                both = {"stdout": log.fileno(), "stderr": log.fileno()}
                self._process = Fork("parley-operator", *arguments, **both, environment=environment)
            else:
                command = [sys.executable, "-m", *program, *arguments]
                self._process = subprocess.Popen(command, stderr=log, stdout=log, env=environment)
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it serves probes and metrics."""
        return int(self.wait_for_log("serving probes and metrics")["port"])

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: no chance to put anything in order."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def terminate(self) -> int:
        """SIGTERM, as at the end of a pod; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(STOP_SECONDS)

    def wait(self, seconds: float) -> int:
        """Until it ends by itself."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> None:
        if self.is_running():
            self.kill()

    def log(self) -> list[dict[str, Any]]:
        """What it has logged so far; the last line may not be whole yet."""
        *lines, _ = self._log.read_text().split("\n")
        return [json.loads(line) for line in lines if line.startswith("{")]

    def raw_log(self) -> str:
        return self._log.read_text()

    def wait_for_log(self, message: str, seconds: float = START_SECONDS, **fields: str) -> dict[str, Any]:
        """Until it has logged a message with these fields."""
        wanted = {"message": message, **fields}.items()
        deadline, read = time.monotonic() + seconds, -1
        while time.monotonic() < deadline:
            if read != (read := self._log.stat().st_size):  # it is long, and this looks often
                found = next((line for line in self.log() if wanted <= line.items()), None)
                if found is not None:
                    return found
            assert self.is_running(), f"the operator ended:\n{self.raw_log()[-4000:]}"
            time.sleep(0.02)
        raise AssertionError(f"no {message!r} within {seconds} s:\n{self.raw_log()[-4000:]}")

    def probe(self, path: str) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def wait_for_probe(self, path: str, status: int, *, broken: str = "") -> dict[str, Any]:
        """Until a probe answers with a status and names a broken watch; returns what it says then."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found, said = self.probe(path)
            if found == status and (not broken or broken in said["broken_watches"]):
                return said
            time.sleep(0.05)
        raise AssertionError(f"{path} says {found} and {said}, not {status} {broken}, after {START_SECONDS} s")

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of a metric that have these labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        samples = [line for line in lines if line.partition("{")[0].partition(" ")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in samples if all(label in line for label in wanted))

    def memory(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

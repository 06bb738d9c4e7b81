"""O12: Ctrl-C ends a command with the status that docs/cli.md says."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import yaml

from parley_cli.exits import INTERRUPTED


def test_o12_ctrl_c_while_nobody_answers(tmp_path: Path) -> None:
    # As on a terminal: what a shell runs in the background begins without it.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{listening}; from parley_cli.main import main; main(prog_name='parley')"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        kubeconfig = {
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
        }
        file = tmp_path / "kubeconfig"
        file.write_text(yaml.safe_dump(kubeconfig))
        command = [sys.executable, "-c", program, "status", "--kubeconfig", str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            asked, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
            asked.close()
    assert (process.returncode, said) == (INTERRUPTED, "")

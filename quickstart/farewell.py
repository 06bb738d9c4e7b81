"""What a person gets at the end of the path: a line to paste that calls the agent, and how to stop it."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

from quickstart import sample
from quickstart.images import ROOT
from quickstart.line import Line

FOLDER = ROOT / "build" / "quickstart"
"""For the caller's token and certificate authority; ignored by git, and removed by `make down`."""


def farewell(line: Line, *, shell: str) -> str:
    """How to call the sample, look at it and stop it; `shell` lets kubectl reach the cluster."""
    look = [shell] if shell else []
    paragraphs = {
        "Talk to it yourself (without a microphone add --sample three-cards, --wav FILE or --text WORDS):": _call(
            line, keep(line)
        ),
        "Look at it:": [
            *look,
            f"kubectl -n {sample.NAMESPACE} get vd,pods,ingress",
            f".venv/bin/parley status -n {sample.NAMESPACE}",
        ],
        "Change it, in its file, and see what that would do:": [
            f".venv/bin/parley diff -n {sample.NAMESPACE} {sample.SHOWN}",
            f"kubectl -n {sample.NAMESPACE} apply -f {sample.SHOWN}",
        ],
        "Stop it:": ["make down"],
    }
    return "\n".join(
        text for heading, lines in paragraphs.items() for text in (heading, *(f"  {line}" for line in lines))
    )


def keep(line: Line) -> Path:
    """The token, and the authority where there is TLS, in files for their owner alone."""
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in (("token", line.token), ("ca.crt", line.authority)):
        file = FOLDER / name
        file.unlink(missing_ok=True)
        if text:
            file.touch(mode=0o600)
            file.write_text(text)
    return FOLDER


def forget() -> None:
    """Remove what `keep` wrote."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def _call(line: Line, folder: Path) -> list[str]:
    files = f"--token-file {folder.relative_to(ROOT)}/token"
    if line.authority is None or line.address is None:
        local_port = urlsplit(line.url).port
        forward = f"kubectl -n {sample.NAMESPACE} port-forward service/{sample.NAME} {local_port}:http &"
        return [forward, f".venv/bin/parley talk {line.url} {files}"]
    host, port = line.address
    files += f" --ca-file {folder.relative_to(ROOT)}/ca.crt"
    return [f".venv/bin/parley talk {line.url} --connect {host}:{port} {files}"]

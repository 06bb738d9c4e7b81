"""Why a kubeconfig leads to no cluster, with what mends it."""

from __future__ import annotations

import os
from pathlib import Path

from parley_cli.target import Target

_DEFAULT = "~/.kube/config"


def explained(error: Exception, target: Target) -> str:
    """One line. `error` is what reading the kubeconfig met, in the library's words."""
    named = [file for file in _files(target).split(os.pathsep) if file]
    where, said = " or ".join(named), " ".join(str(error).split())
    if not any(Path(file).expanduser().is_file() for file in named):
        return f"no cluster: there is no kubeconfig {where}: name one with --kubeconfig or $KUBECONFIG"
    if target.context is not None and f"name {target.context} in " in said:
        return f"no cluster: {where} has no context {target.context}: `kubectl config get-contexts` lists them"
    if "current-context" in said:
        return f"no cluster: {where} chooses no context: name one with --context, or `kubectl config use-context`"
    return f"no cluster: {where} cannot be used: {said}. Name another with --kubeconfig or $KUBECONFIG"


def _files(target: Target) -> str:
    """Several, where $KUBECONFIG says so."""
    return target.kubeconfig or os.environ.get("KUBECONFIG") or _DEFAULT

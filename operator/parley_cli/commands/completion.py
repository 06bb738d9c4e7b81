"""`parley completion`: the script that makes a shell complete commands, options, and names in the cluster."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_PARLEY_COMPLETE"
_PLUGIN = f"""#!/bin/sh
# kubectl asks a program of this name, anywhere in the PATH, what may follow `kubectl parley`.
COMP_WORDS="parley $*" COMP_CWORD=$# {_VARIABLE}=bash_complete parley | sed -n 's/^plain,//p'
echo ":4"
"""
"""4 is cobra's ShellCompDirectiveNoFileComp."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "kubectl"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a SHELL.

    \b
    bash:     source <(parley completion bash)
    zsh:      source <(parley completion zsh)
    fish:     parley completion fish | source
    kubectl:  parley completion kubectl > kubectl_complete-parley, in a folder of the PATH, and chmod +x
    """  # noqa: D301 - click keeps these lines as they are
    if shell == "kubectl":
        click.echo(_PLUGIN, nl=False)
        return
    completion = get_completion_class(shell)
    if completion is None:
        raise click.ClickException(f"click does not know {shell}")
    click.echo(completion(context.find_root().command, {}, "parley", _VARIABLE).source())

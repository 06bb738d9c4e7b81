"""The command `parley`: one file per subcommand, imported only when it is asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from parley_cli.exits import INTERRUPTED
from parley_cli.target import takes_cluster

_COMMANDS = {
    "talk": "Hold a conversation with an agent.",
    "validate": "Check a VoiceDeployment without a cluster.",
    "render": "Show what a VoiceDeployment becomes.",
    "diff": "Show what a file would change in the cluster.",
    "status": "Show a VoiceDeployment with its conditions and children.",
    "logs": "Show what its pods have logged, also of one session.",
    "sessions": "Show who talks in which pod.",
    "cost": "Show what sessions have cost.",
    "history": "Show the revisions of a VoiceDeployment.",
    "promote": "Bring a canary to all pods.",
    "rollback": "Go back to an older revision.",
    "suspend": "Scale a VoiceDeployment to zero now.",
    "resume": "Answer again after `suspend`.",
    "drain": "Take one pod out of service without cutting a call.",
    "doctor": "Find what is broken, and how to mend it.",
    "completion": "Print the script that completes commands in a shell.",
    "version": "Show the release of this command.",
}


class _Lazy(click.Group):
    """Finds a subcommand in the module of its name: `parley version` need not load an audio library."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is said of the cluster before a subcommand holds for it, unless it is said again behind it.

        Here rather than in the command, which a shell that completes a line does not run.
        """
        rest = super().parse_args(ctx, args)
        said = {name: value for name, value in ctx.params.items() if value is not None}
        ctx.default_map = dict.fromkeys(_COMMANDS, said)
        return rest

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand; of one that there is not, click itself would know no likely other."""
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from parley_operator.api.nearest import did_you_mean

            raise click.UsageError(f"there is no command {name}{did_you_mean(name, _COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. Ctrl-C is no failure, and ends every command with the status that a shell knows."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """All subcommands, in the order of a newcomer's path."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click calls it so
        """The subcommand, or None for a name that is none."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"parley_cli.commands.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Subcommands that begin so, without loading them; after a dash, options."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        found = ((name, said) for name, said in _COMMANDS.items() if name.startswith(incomplete))
        return [CompletionItem(name, help=said) for name, said in found]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Their summaries, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@takes_cluster
@click.pass_context
def main(context: click.Context, /, **_: str | None) -> None:
    """Voice agents on Kubernetes.

    `parley status -A` lists what there is, `parley doctor` says what is wrong with it, and `parley COMMAND --help`
    tells more.

    --kubeconfig, --context and --namespace may stand before COMMAND or behind it; what stands behind it counts.
    """
    if os.environ.get("NO_COLOR"):
        # https://no-color.org; click itself looks at the terminal alone.
        context.color = False

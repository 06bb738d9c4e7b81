"""`parley render`: everything that a VoiceDeployment becomes, as YAML."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parley_cli.checked import Checked
from parley_cli.cluster import Cluster, on_cluster
from parley_cli.exits import FAILED
from parley_cli.files import checked, show_errors, supposed, takes_files, takes_supposed
from parley_cli.target import Target, takes_cluster
from parley_operator.api.yaml_text import as_yaml_stream
from parley_operator.render import Rendered


@click.command("render")
@takes_files
@takes_supposed
@click.option("--discover", is_flag=True, help="Ask the cluster for its APIs and ingress classes instead.")
@takes_cluster
def command(
    files: tuple[Path, ...],
    filenames: tuple[Path, ...],
    apis: tuple[str, ...],
    ingress_controller: str | None,
    discover: bool,
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
) -> None:
    """Show the objects that the operator makes of the VoiceDeployments in files.

    Without --discover no cluster is asked, and every API is supposed to be installed: say with --api which are.
    Secrets are left out, and named on standard error: the operator makes what is in them, in the cluster.
    Ends with 1 where there is an error.
    """
    if discover and (apis or ingress_controller):
        raise click.UsageError("--discover asks the cluster for what --api and --ingress-controller say")
    found = checked((*files, *filenames), supposed(apis, ingress_controller))
    rendered = [one.rendered for one in found]
    if discover:
        target = Target(kubeconfig, context, namespace)
        rendered = on_cluster(target, lambda cluster: _discovered(cluster, found))
    for one, objects in zip(found, rendered, strict=True):
        _show(one, objects)
    sys.exit(FAILED if any(one.errors for one in found) else 0)


async def _discovered(cluster: Cluster, found: list[Checked]) -> list[Rendered | None]:
    from parley_cli.changes import facts_of
    from parley_operator.render import render

    return [render(one.resource, await facts_of(cluster, one.resource)) if one.resource else None for one in found]


def _show(one: Checked, rendered: Rendered | None) -> None:
    show_errors(one)
    for finding in rendered.findings if rendered else ():
        said = f"{finding.reason}: {finding.message}"
        click.echo(f"{one.name}: {click.style('warning', fg='yellow')}: {said}", err=True)
    if rendered:
        click.echo(as_yaml_stream(rendered.manifests), nl=False)
        _show_left_out(one.name, rendered)


def _show_left_out(name: str, rendered: Rendered) -> None:
    """Of what this prints nobody should think that it is all that the pods need."""
    secrets = sorted(key.name for key in rendered.keep if key.kind == "Secret")
    if secrets:
        note = click.style("note", fg="cyan")
        said = "left out, since the operator makes what is in them, in the cluster"
        click.echo(f"{note}: {name}: Secrets {', '.join(secrets)} are {said}", err=True)

"""The cluster that the kubeconfig's current context names, when a person says so with CLUSTER=current."""

from __future__ import annotations

from localcluster.progress import Progress
from localcluster.target import Current
from quickstart import release, sample
from quickstart.clusters.base import Entrance
from quickstart.commands import Commands, StepError
from quickstart.images import Image, build, builder

PUSH_SECONDS = 900.0
CONTEXT = "choose a context with `kubectl config use-context`, or use `make run CLUSTER=local`"


class CurrentCluster:
    """A cluster that was there before and stays; images reach it through a registry."""

    def __init__(self, registry: str, *, progress: Progress) -> None:
        self._registry = registry.rstrip("/")
        self._progress = progress
        self._commands = Commands()

    @property
    def title(self) -> str:
        """The context, by its name."""
        return f"the current context {self._context()!r}"

    @property
    def repository(self) -> str:
        """The registry that the person named."""
        return self._registry

    @property
    def shell(self) -> str:
        """Empty: it is the person's own."""
        return ""

    def up(self) -> Commands:
        """Sees that there is a registry and that the API server answers."""
        if not self._registry:
            raise StepError(
                "the nodes need a registry to pull the images from",
                "name one that you may push to: `make run CLUSTER=current REGISTRY=registry.example.com/parley`",
            )
        Current().up()
        return self._commands

    def provide(self, image: Image) -> None:
        """Builds with the machine's own builder and pushes."""
        reference = build(image, repository=self.repository)
        remedy = f"log in with `{builder()} login`"
        self._commands.show(builder(), "push", reference, timeout=PUSH_SECONDS, remedy=remedy)

    def entrance(self) -> Entrance | None:
        """None: nothing is assumed of an ingress controller that is there."""
        return None

    def down(self) -> None:
        """Takes away the sample, and the operator too unless others have VoiceDeployments."""
        with self._progress.step(f"deleting the namespace {sample.NAMESPACE}"):
            sample.remove(self._commands)
        with self._progress.step(f"uninstalling the operator from {release.NAMESPACE}"):
            is_gone = release.uninstall(self._commands)
        if not is_gone:
            others = ", ".join(release.voice_deployments(self._commands))
            self._progress.say(f"the operator stays: it serves {others}")

    def _context(self) -> str:
        return self._commands.read("kubectl", "config", "current-context", remedy=CONTEXT).strip()

"""The path itself: cluster, images, operator, sample, conversation."""

from __future__ import annotations

import asyncio
import sys

from localcluster.progress import Progress
from parley_client import samples
from parley_client.conversation import Turn
from quickstart import conversation, release, sample
from quickstart.clusters.base import Cluster, Entrance
from quickstart.commands import Commands, StepError
from quickstart.diagnosis import diagnose
from quickstart.farewell import farewell
from quickstart.images import images
from quickstart.line import Line

RECORDINGS = tuple(samples.path(name) for name in (samples.DEMO_QUESTION, "three-cards"))


class Walk:
    """Goes it once, telling each step and how long it took."""

    def __init__(self, cluster: Cluster, *, progress: Progress) -> None:
        self._cluster = cluster
        self._progress = progress

    def go(self) -> None:
        """From nothing to a conversation; what is there already is used again.

        Raises:
            StepError, ClusterError: from the step that failed, after its diagnosis was printed.
        """
        with self._progress.step(f"1/5 {self._cluster.title}"):
            commands = self._cluster.up()
        with self._progress.step("2/5 images"):
            for image in images():
                self._cluster.provide(image)
        try:
            self._use(commands)
        except StepError:
            print(diagnose(commands), file=sys.stderr)
            raise

    def _use(self, commands: Commands) -> None:
        with self._progress.step("3/5 the operator, by Helm"):
            release.install(commands, repository=self._cluster.repository)
        entrance = self._cluster.entrance()
        with self._progress.step(f"4/5 {sample.FILE.name}"):
            sample.apply(commands, with_ingress=entrance is not None)
            asyncio.run(sample.wait_until_ready(commands, say=self._progress.say))
        with self._progress.step("5/5 a conversation from outside"):
            used = asyncio.run(self._converse(commands, entrance))
        print(farewell(used, shell=self._cluster.shell))

    async def _converse(self, commands: Commands, entrance: Entrance | None) -> Line:
        """Hold it, tell it, and return the line for whoever wants to go on."""
        async with conversation.line(commands, entrance) as line:
            report(await conversation.converse(line, RECORDINGS))
            return line


def report(turns: list[Turn]) -> None:
    """Words and times; a conversation in which nothing was understood is none."""
    for turn in turns:
        print()
        if turn.transcript:
            print(f"  you     {turn.transcript}")
        print(f"  agent   {turn.answer}")
        if turn.transcript:
            print(f"          first audio {_milliseconds(turn.first_audio_s)} after you stopped speaking")
    print(flush=True)
    understood = [turn for turn in turns if turn.transcript and turn.answer and turn.pcm]
    if len(understood) < len(RECORDINGS):
        raise StepError("a recording was not understood or not answered", "see the gateway's log above")


def _milliseconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds * 1000:.0f} ms"

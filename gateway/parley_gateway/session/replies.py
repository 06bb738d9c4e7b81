"""The present reply's work, and what is still asked about the one before: does what the core says about replies.

A command for a reply that is not the present one is stale, and is not done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from parley_contract.agent import AgentText
from parley_gateway.conversation.commands import (
    CancelReply,
    CommitReply,
    ContinueReply,
    FinishSpeech,
    PausePlayout,
    ReplyKind,
    ResumePlayout,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.events import Event, PlayoutReported
from parley_gateway.conversation.history import HistoryItem
from parley_gateway.ports import ClientLink, LlmRequest, Tools
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.heard import HeardAudio, SessionRecording
from parley_gateway.session.latency import ReplyLatency
from parley_gateway.session.observer import SessionObserver
from parley_gateway.session.playout import Playout
from parley_gateway.session.reaper import Reaper
from parley_gateway.session.reply import ReplyWork


class Replies:
    """One session's."""

    def __init__(
        self,
        session: str,
        *,
        link: ClientLink,
        pipeline: Pipeline,
        tools: Tools,
        agent: AgentText,
        feed: Callable[[Event], None],
        reaper: Reaper,
        observer: SessionObserver,
        silent_s: Callable[[], float | None],
        recording: SessionRecording | None = None,
    ) -> None:
        """`silent_s`: how long the caller has been silent at the end of a turn."""
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._link = link
        self._pipeline = pipeline
        self._tools = tools
        self._agent = agent
        self._feed = feed
        self._reaper = reaper
        self._observer = observer
        self._silent_s = silent_s
        self._recording = recording
        self._work: ReplyWork | None = None
        self._stopped: Playout | None = None

    # --- what the core asks for ---

    def start(self, command: StartReply) -> None:
        """Begin to make a reply; a draft is not played."""
        latency = ReplyLatency(self._loop, self._observer, reply=command.reply)
        answers = command.kind is ReplyKind.ANSWER
        if answers and not command.speculative:
            latency.turn_ended(silent_s=self._silent_s())
        self._work = ReplyWork(
            command.reply,
            session=self._session,
            pipeline=self._pipeline,
            language=self._agent.language,
            playout=self._playout(command, latency),
            feed=self._feed,
            reaper=self._reaper,
            latency=latency,
            observer=self._observer,
            output_rate=self._link.capabilities.output_rate,
        )
        self._work.start(self._request(command.reply, command.history) if answers else None)

    def go_on(self, command: ContinueReply) -> None:
        """Ask the model anew, with what its tools have answered."""
        if work := self._of(command.reply):
            work.go_on(self._request(command.reply, command.history))

    def commit(self, command: CommitReply) -> None:
        """The draft is the reply: play it."""
        if work := self._of(command.reply):
            work.latency.turn_ended(silent_s=self._silent_s())
            work.playout.start()

    def cancel(self, command: CancelReply) -> None:
        """Stop the work."""
        if work := self._of(command.reply):
            work.cancel()
            self._work = None

    def speak(self, command: Speak) -> None:
        """Say this next."""
        if work := self._of(command.reply):
            work.say(command.segment, command.text)

    def finish(self, command: FinishSpeech) -> None:
        """All has been said."""
        if work := self._of(command.reply):
            work.finish()

    def pause(self, command: PausePlayout) -> None:
        """Hold the audio."""
        if work := self._of(command.reply):
            work.playout.pause()

    def resume(self, command: ResumePlayout) -> None:
        """Go on with it."""
        if work := self._of(command.reply):
            work.playout.resume()

    def stop(self, command: StopPlayout) -> None:
        """Silence."""
        if work := self._of(command.reply):
            work.playout.stop()
            self._stopped = work.playout

    def abandon(self) -> None:
        """Whatever the core thinks: nothing is made any more."""
        if self._work is not None:
            self._work.cancel()
            self._work = None

    # --- what is asked about them ---

    @property
    def position(self) -> PlayoutReported | None:
        """How far the present reply has been played."""
        return self._work.playout.position if self._work is not None else None

    @property
    def playing(self) -> bool:
        """Whether the client hears the agent, as far as we know."""
        return self._work is not None and self._work.playout.playing

    def on_report(self, report: PlayoutReported) -> None:
        """What the client says is believed as far as it can be true: it has no more than was written."""
        if work := self._of(report.reply):
            work.latency.reported(report.ms)
            work.playout.report(report.ms, quality=report.quality, finished=report.finished)
            self._feed(work.playout.position)
        elif self._stopped is not None and self._stopped.reply == report.reply:
            self._feed(replace(report, ms=min(report.ms, self._stopped.sent_ms), finished=False))

    def _of(self, reply: int) -> ReplyWork | None:
        return self._work if self._work is not None and self._work.reply == reply else None

    def _playout(self, command: StartReply, latency: ReplyLatency) -> Playout:
        return Playout(
            command.reply,
            link=self._link,
            loop=self._loop,
            held=command.speculative,
            on_first_audio=latency.played,
            on_underrun=self._observer.underrun,
            on_finished=self._on_played,
            heard=self._heard(),
        )

    def _heard(self) -> HeardAudio | None:
        if self._recording is None:
            return None
        return HeardAudio(self._recording.agent, rate=self._link.capabilities.output_rate)

    def _on_played(self, report: PlayoutReported) -> None:
        self._feed(report)
        if self._of(report.reply):
            self._work = None

    def _request(self, reply: int, history: tuple[HistoryItem, ...]) -> LlmRequest:
        return LlmRequest(
            session=self._session,
            reply=reply,
            instructions=self._agent.instructions,
            history=history,
            language=self._agent.language,
            tools=self._tools.specs,
            meter=self._observer.used,
        )

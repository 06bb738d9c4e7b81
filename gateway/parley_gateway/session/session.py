"""One conversation: runs the core against the client, the providers and the clock.

`_feed` is the loop. An event goes into the core, commands come out, and each is done at once by its own method;
nothing in here waits but `run`. What takes time is done by tasks that this session owns: recognition, the model
and the voice of the present reply, and the cancelled ones until they are over. Their results are events again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from parley_contract.agent import AgentText
from parley_gateway.conversation.commands import (
    CancelReply,
    CancelTimer,
    CommitInput,
    CommitReply,
    DiscardInput,
    EndSession,
    FinishSpeech,
    Notify,
    PausePlayout,
    ReplyKind,
    ResumePlayout,
    SetTimer,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.events import (
    AudioReady,
    EndReason,
    Event,
    FailureKind,
    PlayoutReported,
    ReplyProduced,
    ReplyText,
    ReplyTextEnded,
    SessionEnding,
    SessionReady,
    SpeechStopped,
    Stage,
    StageLost,
)
from parley_gateway.conversation.notices import Draining, Problem, ReplyOver
from parley_gateway.conversation.turns import Conversation
from parley_gateway.logs import where
from parley_gateway.ports import ClientEvent, ClientLink, LlmRequest, SttEvent, SttRequest
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.config import SessionConfig
from parley_gateway.session.dropped import DropNotices
from parley_gateway.session.latency import HearingLatency, ReplyLatency
from parley_gateway.session.observer import SessionObserver, Unobserved
from parley_gateway.session.playout import Playout
from parley_gateway.session.reaper import Reaper
from parley_gateway.session.recognition import Recognition, RecognitionObserver
from parley_gateway.session.reply import ReplyWork
from parley_gateway.session.timers import Timers

_logger = logging.getLogger(__name__)

_OF_MAKING = (ReplyText, ReplyTextEnded, AudioReady, ReplyProduced, PlayoutReported)
"""Events that cut no reply short: before any other the core is told how far playout has come."""


class Session:
    """One client's conversation. Implements `ports.SessionInput`; `run()` is its life."""

    def __init__(
        self,
        session_id: str,
        *,
        link: ClientLink,
        pipeline: Pipeline,
        agent: AgentText,
        config: SessionConfig,
        observer: SessionObserver | None = None,
    ) -> None:
        """To be called in the event loop that will run it."""
        self.id = session_id
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._link = link
        self._pipeline = pipeline
        self._agent = agent
        self._observer = observer or Unobserved()
        self._core = Conversation(timings=config.timings, owns_turns=pipeline.stt.owns_turns)
        self._inbox: deque[Event] = deque()
        self._feeding = False
        self._timers = Timers(self._loop, self._feed)
        self._reaper = Reaper(self._loop, session=session_id)
        self._recognition = self._new_recognition()
        self._hearing_latency = HearingLatency(self._observer)
        self._drops = DropNotices(link.notify, self._loop.time)
        self._muted = False
        self._work: ReplyWork | None = None
        self._stopped: Playout | None = None
        self._drain_timer: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()
        self._reason: EndReason | None = None

    def _new_recognition(self) -> Recognition:
        return Recognition(
            self._pipeline.stt,
            SttRequest(self.id, self._agent.language),
            input_rate=self._link.capabilities.input_rate,
            observer=RecognitionObserver(
                on_event=self._on_heard,
                on_interrupted=self._on_recognition_interrupted,
                on_lost=self._on_recognition_lost,
                on_dropped=lambda ms: self._drops.dropped(ms),
            ),
        )

    # --- life ---

    async def run(self) -> EndReason:
        """Hold the conversation; returns why it ended, once `link.end` was called and no task is left."""
        listening = asyncio.create_task(self._recognition.run(), name=f"{self.id}:stt")
        listening.add_done_callback(self._on_recognition_done)
        try:
            self._feed(SessionReady(self._agent.greeting))
            await self._over.wait()
        finally:
            self._feed(SessionEnding(EndReason.INTERNAL))
            self._recognition.abort()
            self._reaper.reap(listening)
            await self._reaper.finish()
        return self._reason or EndReason.INTERNAL

    def drain(self, *, deadline_s: float, reconnect_after_s: float = 0.0) -> None:
        """Tell the client that the process goes away; what still talks at the deadline ends as `DRAINED`."""
        if self._reason is not None or self._drain_timer is not None:
            return
        self._link.notify(Draining(deadline_s, reconnect_after_s))
        self._drain_timer = self._loop.call_later(deadline_s, self._feed, SessionEnding(EndReason.DRAINED))

    # --- the client's side: ports.SessionInput ---

    def audio(self, pcm: bytes) -> None:
        """More of the caller's audio."""
        if not self._muted and self._reason is None:
            self._recognition.audio(pcm)

    def mute(self, muted: bool) -> None:
        """Ignore audio from now on, or take it again. The recogniser hears no silence: speech is over at once."""
        if muted and not self._muted and self._reason is None:
            self._recognition.finalize()
            self._feed(SpeechStopped(self._recognition.received_ms))
        self._muted = muted

    def event(self, event: ClientEvent) -> None:
        """Something that the client asks for or reports."""
        if isinstance(event, PlayoutReported):
            self._on_report(event)
        else:
            self._feed(event)

    def hang_up(self, reason: EndReason) -> None:
        """The client ended the session, is gone, or broke the protocol."""
        self._feed(SessionEnding(reason))

    def _on_report(self, report: PlayoutReported) -> None:
        """What the client says is believed as far as it can be true: it has no more than was written."""
        playout = self._work.playout if self._work else None
        if playout is not None and playout.reply == report.reply:
            playout.report(report.ms, finished=report.finished)
            self._feed(playout.position)
        elif self._stopped is not None and self._stopped.reply == report.reply:
            self._feed(replace(report, ms=min(report.ms, self._stopped.sent_ms), finished=False))

    # --- the recogniser's side ---

    def _on_heard(self, event: SttEvent) -> None:
        playing = self._playing
        self._feed(event)
        silenced = playing and not self._playing
        self._hearing_latency.heard(event, received_ms=self._recognition.received_ms, silenced=silenced)

    def _on_recognition_interrupted(self, kind: FailureKind) -> None:
        self._observer.provider_failed(Stage.STT, kind)
        _logger.warning("recognition was interrupted", extra={"session": self.id, "kind": kind})
        self._link.notify(Problem("recognition_interrupted", "recognition was interrupted and is being restored"))

    def _on_recognition_lost(self, kind: FailureKind) -> None:
        self._observer.provider_failed(Stage.STT, kind)
        _logger.error("recognition was lost", extra={"session": self.id, "kind": kind})
        self._feed(StageLost(Stage.STT, kind))

    def _on_recognition_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("recognition broke", extra={"session": self.id, "error": where(error)})
            self._feed(SessionEnding(EndReason.INTERNAL))

    # --- the loop ---

    def _feed(self, event: Event) -> None:
        """Take an event to its end, and those that come of it. Never raises: a defect ends the session."""
        self._inbox.append(event)
        if self._feeding:
            return
        self._feeding = True
        try:
            while self._inbox:
                self._step(self._inbox.popleft())
        except Exception as error:  # noqa: BLE001 - callers are callbacks of sockets and timers
            self._break(error)
        finally:
            self._feeding = False

    def _step(self, event: Event) -> None:
        if self._work is not None and not isinstance(event, _OF_MAKING):
            self._take(self._work.playout.position)
        self._take(event)

    def _take(self, event: Event) -> None:
        for command in self._core.feed(event, self._loop.time()):
            self._DO[type(command)](self, command)

    def _break(self, error: Exception) -> None:
        """The core or the link is not to be relied on any more."""
        _logger.error("the session broke", extra={"session": self.id, "error": where(error)})
        self._inbox.clear()
        if self._work is not None:
            self._work.cancel()
        if self._reason is None:
            self._end(EndSession(EndReason.INTERNAL))

    # --- commands ---

    def _start_reply(self, command: StartReply) -> None:
        latency = ReplyLatency(self._loop, self._observer)
        if not command.speculative and command.kind is ReplyKind.ANSWER:
            latency.turn_ended()
        playout = Playout(
            command.reply,
            link=self._link,
            loop=self._loop,
            held=command.speculative,
            on_first_audio=latency.played,
            on_underrun=self._observer.underrun,
            on_finished=self._on_played,
        )
        self._work = ReplyWork(
            command.reply,
            session=self.id,
            pipeline=self._pipeline,
            language=self._agent.language,
            playout=playout,
            feed=self._feed,
            reaper=self._reaper,
            latency=latency,
            observer=self._observer,
            output_rate=self._link.capabilities.output_rate,
        )
        self._work.start(self._request(command))

    def _request(self, command: StartReply) -> LlmRequest | None:
        if command.kind is ReplyKind.GREETING:
            return None
        return LlmRequest(
            session=self.id,
            reply=command.reply,
            instructions=self._agent.instructions,
            history=command.history,
            language=self._agent.language,
        )

    def _on_played(self, report: PlayoutReported) -> None:
        self._feed(report)
        if self._work is not None and self._work.reply == report.reply:
            self._work = None

    def _commit_reply(self, command: CommitReply) -> None:
        if work := self._work_on(command.reply):
            work.latency.turn_ended()
            work.playout.start()

    def _speak(self, command: Speak) -> None:
        if work := self._work_on(command.reply):
            work.say(command.segment, command.text)

    def _finish_speech(self, command: FinishSpeech) -> None:
        if work := self._work_on(command.reply):
            work.finish()

    def _pause_playout(self, command: PausePlayout) -> None:
        if work := self._work_on(command.reply):
            work.playout.pause()

    def _resume_playout(self, command: ResumePlayout) -> None:
        if work := self._work_on(command.reply):
            work.playout.resume()

    def _stop_playout(self, command: StopPlayout) -> None:
        if work := self._work_on(command.reply):
            work.playout.stop()
            self._stopped = work.playout

    def _cancel_reply(self, command: CancelReply) -> None:
        if work := self._work_on(command.reply):
            work.cancel()
            self._work = None

    def _work_on(self, reply: int) -> ReplyWork | None:
        """The present reply's tasks and playout, if it is this one."""
        return self._work if self._work is not None and self._work.reply == reply else None

    @property
    def _playing(self) -> bool:
        return self._work is not None and self._work.playout.playing

    def _notify(self, command: Notify) -> None:
        if isinstance(command.notice, ReplyOver):
            self._observer.reply_over(command.notice.status)
        self._link.notify(command.notice)

    def _end(self, command: EndSession) -> None:
        self._reason = command.reason
        self._timers.cancel_all()
        if self._drain_timer is not None:
            self._drain_timer.cancel()
        self._observer.session_ended(command.reason, self._loop.time() - self._began_at)
        self._over.set()
        self._link.end(command.reason)

    _DO: ClassVar[dict[type, Callable[[Session, Any], None]]] = {
        StartReply: _start_reply,
        CommitReply: _commit_reply,
        CancelReply: _cancel_reply,
        Speak: _speak,
        FinishSpeech: _finish_speech,
        PausePlayout: _pause_playout,
        ResumePlayout: _resume_playout,
        StopPlayout: _stop_playout,
        CommitInput: lambda self, _: self._recognition.finalize(),
        DiscardInput: lambda self, _: self._recognition.finalize(),
        SetTimer: lambda self, command: self._timers.set(command),
        CancelTimer: lambda self, command: self._timers.cancel(command),
        Notify: _notify,
        EndSession: _end,
    }

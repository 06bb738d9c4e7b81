"""One conversation: runs the core against the client, the providers and the clock.

`_feed` is the loop. An event goes into the core, commands come out, and each is done at once by its own method;
nothing in here waits but `run`. What takes time is done by tasks that this session owns: recognition, the model
and the voice of the present reply, tools, and the cancelled ones until they are over. Their results are events
again.
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
    ContinueReply,
    DiscardInput,
    EndSession,
    FinishSpeech,
    Notify,
    PausePlayout,
    ResumePlayout,
    RunTool,
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
    HearingTroubled,
    PlayoutReported,
    PolicyChanged,
    ReplyProduced,
    ReplyText,
    ReplyTextEnded,
    SessionEnding,
    SessionReady,
    SpeechStopped,
    Stage,
    StageLost,
)
from parley_gateway.conversation.history import HistoryItem
from parley_gateway.conversation.notices import BudgetNearlyUsed, Draining, Problem, ReplyOver
from parley_gateway.conversation.turns import Conversation
from parley_gateway.logs import where
from parley_gateway.ports import ClientEvent, ClientLink, SttEvent, SttRequest, Tools
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.config import SessionConfig, phrases
from parley_gateway.session.dropped import DropNotices
from parley_gateway.session.heard import SessionRecording
from parley_gateway.session.latency import HearingLatency
from parley_gateway.session.observer import SessionObserver, Unobserved
from parley_gateway.session.reaper import Reaper
from parley_gateway.session.recognition import Recognition, RecognitionObserver
from parley_gateway.session.replies import Replies
from parley_gateway.session.timers import Timers
from parley_gateway.session.tools import NoTools, ToolRuns

_logger = logging.getLogger(__name__)

_OF_MAKING = (ReplyText, ReplyTextEnded, AudioReady, ReplyProduced, PlayoutReported)
"""Events that cut no reply short: before any other the core is told how far playout has come."""
_LONGEST_HANGOVER_MS = 1000
"""What a detector may take to say that speech has ended; what seems to be more is audio that came late."""


class Session:
    """One client's conversation: `ports.SessionInput` and `accounts.AccountedSession`. `run()` is its life."""

    def __init__(
        self,
        session_id: str,
        *,
        link: ClientLink,
        pipeline: Pipeline,
        agent: AgentText,
        config: SessionConfig,
        observer: SessionObserver | None = None,
        tools: Tools | None = None,
        recording: SessionRecording | None = None,
    ) -> None:
        """To be called in the event loop that will run it. `recording`: where its audio is kept, if it is."""
        self.id = session_id
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._link = link
        rates = link.capabilities
        self._pipeline = pipeline.at(input_rate=rates.input_rate, output_rate=rates.output_rate)
        self._agent = agent
        self._observer = observer or Unobserved()
        self._core = Conversation(
            owns_turns=pipeline.stt.owns_turns,
            timings=config.timings,
            policy=config.policy(agent),
            phrases=phrases(agent),
        )
        self._inbox: deque[Event] = deque()
        self._feeding = False
        self._timers = Timers(self._loop, self._feed)
        self._reaper = Reaper(self._loop, session=session_id)
        self._recognition = self._new_recognition()
        self._recording = recording
        self._hear = self._recognition.audio if recording is None else self._hear_and_record
        self._hearing_latency = HearingLatency(self._observer)
        self._drops = DropNotices(link.notify, self._loop.time)
        self._replies = self._new_replies(tools or NoTools())
        self._tools = ToolRuns(
            tools or NoTools(),
            session=session_id,
            deadline_s=config.tool_s,
            feed=self._feed,
            reaper=self._reaper,
            observer=self._observer,
        )
        self._muted = False
        self._early: list[ClientEvent] | None = []
        """What the client asked for before the session ran; None from then on."""
        self._drain_timer: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()
        self._reason: EndReason | None = None

    def _new_recognition(self) -> Recognition:
        return Recognition(
            self._pipeline.stt,
            SttRequest(self.id, self._agent.language, self._observer.used),
            input_rate=self._link.capabilities.input_rate,
            observer=RecognitionObserver(
                on_event=self._on_heard,
                on_interrupted=self._on_recognition_interrupted,
                on_lost=self._on_recognition_lost,
                on_dropped=lambda ms: self._drops.dropped(ms),
                on_deaf=self._on_deaf,
                on_owns_turns=self._on_owns_turns,
            ),
            voice_activity=self._pipeline.voice_activity,
        )

    def _new_replies(self, tools: Tools) -> Replies:
        return Replies(
            self.id,
            link=self._link,
            pipeline=self._pipeline,
            tools=tools,
            agent=self._agent,
            feed=self._feed,
            reaper=self._reaper,
            observer=self._observer,
            silent_s=lambda: self._hearing_latency.silent_s(self._recognition.received_ms),
            recording=self._recording,
        )

    # --- life ---

    async def run(self) -> EndReason:
        """Hold the conversation; returns why it ended, once `link.end` was called and no task is left."""
        listening = asyncio.create_task(self._recognition.run(), name=f"{self.id}:stt")
        listening.add_done_callback(self._on_recognition_done)
        try:
            self._feed(SessionReady(self._agent.greeting))
            self._take_early()
            await self._over.wait()
        finally:
            self._feed(SessionEnding(EndReason.INTERNAL))
            self._recognition.abort()
            self._tools.cancel_all()
            self._reaper.reap(listening)
            await self._reaper.finish()
        return self._reason or EndReason.INTERNAL

    def _take_early(self) -> None:
        early, self._early = self._early or [], None
        for event in early:
            self.event(event)

    def drain(self, *, deadline_s: float, reconnect_after_s: float = 0.0) -> None:
        """Tell the client that the process goes away; what still talks at the deadline ends as `DRAINED`."""
        if self._reason is not None or self._drain_timer is not None:
            return
        self._link.notify(Draining(deadline_s, reconnect_after_s))
        self._drain_timer = self._loop.call_later(deadline_s, self._feed, SessionEnding(EndReason.DRAINED))

    # --- its account's side: accounts.AccountedSession ---

    def warn_of_budget(self, notice: BudgetNearlyUsed) -> None:
        """Tell the client, while there is one to tell."""
        if self._reason is None:
            self._link.notify(notice)

    def end(self, reason: EndReason, *, farewell: bool) -> None:
        """End it, with the agent's goodbye if there is to be one."""
        self._feed(SessionEnding(reason, farewell))

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said so far, as the model is shown it."""
        return self._core.history.items

    # --- the client's side: ports.SessionInput ---

    def audio(self, pcm: bytes) -> None:
        """More of the caller's audio."""
        if not self._muted and self._reason is None:
            self._hear(pcm)

    def _hear_and_record(self, pcm: bytes) -> None:
        self._recognition.audio(pcm)
        if self._recording is not None:
            self._recording.caller(pcm)

    def mute(self, muted: bool) -> None:
        """Ignore audio from now on, or take it again. The recogniser hears no silence: speech is over at once."""
        if muted and not self._muted and self._reason is None:
            self._recognition.pause()
            self._feed(SpeechStopped(self._recognition.received_ms))
        self._muted = muted

    def event(self, event: ClientEvent) -> None:
        """Something that the client asks for or reports."""
        if self._early is not None:
            self._early.append(event)
        elif isinstance(event, PlayoutReported):
            self._replies.on_report(event)
        else:
            self._feed(event)

    def hang_up(self, reason: EndReason) -> None:
        """The client ended the session, is gone, or broke the protocol."""
        self._feed(SessionEnding(reason))

    # --- the recogniser's side ---

    def _on_heard(self, event: SttEvent) -> None:
        received_ms, playing = self._recognition.received_ms, self._replies.playing
        if isinstance(event, SpeechStopped):
            event = replace(event, ago_ms=max(0, min(received_ms - event.audio_ms, _LONGEST_HANGOVER_MS)))
        self._feed(event)
        silenced = playing and not self._replies.playing
        self._hearing_latency.heard(event, received_ms=received_ms, silenced=silenced)

    def _on_owns_turns(self, owns_turns: bool) -> None:
        self._feed(PolicyChanged(owns_turns))

    def _on_recognition_interrupted(self, kind: FailureKind) -> None:
        self._observer.provider_failed(Stage.STT, kind)
        _logger.warning("recognition was interrupted", extra={"session": self.id, "kind": kind})
        self._link.notify(Problem("recognition_interrupted", "recognition was interrupted and is being restored"))

    def _on_deaf(self) -> None:
        """Nobody is there to say that speech is over."""
        self._feed(SpeechStopped(self._recognition.received_ms))
        self._feed(HearingTroubled())

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
        if not isinstance(event, _OF_MAKING) and (position := self._replies.position) is not None:
            self._take(position)
        self._take(event)

    def _take(self, event: Event) -> None:
        for command in self._core.feed(event, self._loop.time()):
            self._DO[type(command)](self, command)

    def _break(self, error: Exception) -> None:
        """The core or the link is not to be relied on any more."""
        _logger.error("the session broke", extra={"session": self.id, "error": where(error)})
        self._inbox.clear()
        self._replies.abandon()
        if self._reason is None:
            self._end(EndSession(EndReason.INTERNAL))

    # --- commands ---

    def _notify(self, command: Notify) -> None:
        if isinstance(command.notice, ReplyOver):
            self._observer.reply_over(command.notice.reply, command.notice.status)
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
        StartReply: lambda self, command: self._replies.start(command),
        ContinueReply: lambda self, command: self._replies.go_on(command),
        CommitReply: lambda self, command: self._replies.commit(command),
        CancelReply: lambda self, command: self._replies.cancel(command),
        Speak: lambda self, command: self._replies.speak(command),
        FinishSpeech: lambda self, command: self._replies.finish(command),
        PausePlayout: lambda self, command: self._replies.pause(command),
        ResumePlayout: lambda self, command: self._replies.resume(command),
        StopPlayout: lambda self, command: self._replies.stop(command),
        RunTool: lambda self, command: self._tools.run(command),
        CommitInput: lambda self, _: self._recognition.finalize(),
        DiscardInput: lambda self, _: self._recognition.discard(),
        SetTimer: lambda self, command: self._timers.set(command),
        CancelTimer: lambda self, command: self._timers.cancel(command),
        Notify: _notify,
        EndSession: _end,
    }

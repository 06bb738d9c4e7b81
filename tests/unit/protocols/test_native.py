"""The native protocol, message by message."""

from __future__ import annotations

from decimal import Decimal

import pytest

from parley_contract.limits import LimitsConfig
from parley_contract.native import (
    AnyServerMessage,
    BudgetWarning,
    ErrorMessage,
    Flow,
    Pong,
    ReplyAudio,
    ReplyInterrupted,
    SessionEnded,
    SessionStarted,
    ToolEnded,
    ToolStarted,
    Transcript,
)
from parley_gateway.conversation.events import (
    ClearRequested,
    CommitRequested,
    DtmfReceived,
    EndReason,
    InterruptRequested,
    PlayoutReported,
    Quality,
    ReplyRequested,
    TextReceived,
)
from parley_gateway.conversation.history import ToolStatus
from parley_gateway.conversation.notices import (
    BudgetNearlyUsed,
    Heard,
    Notice,
    ReplyCutShort,
    ToolBegan,
    ToolOver,
    TranscriptUpdated,
)
from parley_gateway.protocols.admission import Credentials
from tests.unit.protocols.scene import Scene


def error(scene: Scene) -> ErrorMessage:
    found = [message for message in scene.wire.messages if isinstance(message, ErrorMessage)]
    assert len(found) == 1
    return found[0]


class TestStart:
    def test_a_session_starts_with_what_the_client_may_use(self) -> None:
        scene = Scene().start(audio={"input_rate": 8000, "output_rate": 16000})
        started = scene.wire.last
        assert isinstance(started, SessionStarted)
        assert (started.seq, started.protocol, started.session) == (1, "parley.v1", "s1")
        assert (started.audio.input_rate, started.audio.output_rate) == (8000, 16000)
        assert started.limits.frame_bytes == 65_536
        assert scene.connection.capabilities.output_rate == 16000

    def test_a_token_in_the_message_goes_before_the_one_of_the_handshake(self) -> None:
        scene = Scene(credentials=Credentials("h", in_address=True, origin="https://example.com")).start(token="m")
        assert scene.door.asked == [Credentials("m", origin="https://example.com")]

    def test_the_token_of_the_handshake_is_used_where_the_message_has_none(self) -> None:
        assert Scene(credentials=Credentials("h")).start().door.asked == [Credentials("h")]

    def test_a_wrong_token_is_refused_with_4401_and_a_reason(self) -> None:
        scene = Scene()
        scene.door.token = "right"
        scene.start(token="wrong")
        assert scene.wire.closed == (4401, "no such token")
        assert (error(scene).code, error(scene).fatal) == ("unauthenticated", True)

    def test_silence_is_ended_at_the_deadline_with_4408(self) -> None:
        scene = Scene()
        scene.connection.on_start_deadline()
        assert scene.close_code == 4408
        assert error(scene).code == "start_deadline"

    def test_the_deadline_means_nothing_to_a_live_session(self) -> None:
        scene = Scene().start()
        scene.connection.on_start_deadline()
        assert scene.wire.closed is None

    def test_audio_before_the_start_is_refused_with_what_to_do(self) -> None:
        scene = Scene()
        scene.connection.on_bytes(b"\0" * 320)
        assert scene.close_code == 4400
        assert error(scene).code == "not_started"
        assert "session.start" in error(scene).message

    def test_any_other_first_message_is_refused(self) -> None:
        scene = Scene()
        scene.say("ping", t=1)
        assert scene.close_code == 4400
        assert (error(scene).code, error(scene).ref) == ("not_started", "ping")

    def test_resuming_is_refused_as_not_served(self) -> None:
        scene = Scene()
        scene.say("session.resume", session="s0", resume_token="x")
        assert scene.close_code == 4400
        assert (error(scene).code, error(scene).ref) == ("unsupported", "session.resume")

    def test_a_second_start_is_an_error_that_ends_nothing(self) -> None:
        scene = Scene().start().start()
        assert (error(scene).code, error(scene).fatal) == ("already_started", False)
        assert scene.wire.closed is None

    def test_features_say_what_the_client_can_do(self) -> None:
        plain = Scene().start().connection.capabilities
        assert (plain.can_pause, plain.reports_playout) == (False, False)
        able = Scene().start(features=["pause", "playback", "unheard-of"]).connection.capabilities
        assert (able.can_pause, able.reports_playout) == (True, True)


class TestMessages:
    @pytest.mark.parametrize(
        ("message", "event"),
        [
            ({"type": "input.commit"}, CommitRequested()),
            ({"type": "input.clear"}, ClearRequested()),
            ({"type": "text", "text": "hello"}, TextReceived("hello")),
            ({"type": "dtmf", "digit": "#"}, DtmfReceived("#")),
            ({"type": "reply.create"}, ReplyRequested()),
            ({"type": "reply.cancel"}, InterruptRequested()),
        ],
    )
    def test_what_the_client_asks_for_reaches_the_session(self, message: dict[str, str], event: object) -> None:
        scene = Scene().start()
        scene.say(message.pop("type"), **message)
        assert scene.session.events == [event]

    def test_mute_and_unmute(self) -> None:
        scene = Scene().start()
        scene.say("input.mute")
        assert scene.session.muted
        scene.say("input.mute", muted=False)
        assert not scene.session.muted

    @pytest.mark.parametrize("digit", ["12", "E", "", 5])
    def test_what_is_no_key_of_a_telephone_is_an_error_that_ends_nothing(self, digit: object) -> None:
        scene = Scene().start()
        scene.say("dtmf", digit=digit)
        assert (error(scene).code, scene.session.events) == ("invalid", [])

    @pytest.mark.parametrize(
        ("notice", "message"),
        [
            (ToolBegan("c1", "book"), ToolStarted(seq=2, call="c1", name="book")),
            (
                ToolOver("c1", "book", ToolStatus.UNKNOWN),
                ToolEnded(seq=2, call="c1", name="book", status="unknown"),
            ),
            (
                BudgetNearlyUsed("session", Decimal("4.00"), Decimal("5.00"), "USD"),
                BudgetWarning(seq=2, scope="session", spent="4.00", limit="5.00", currency="USD"),
            ),
        ],
    )
    def test_tools_and_money_are_told(self, notice: Notice, message: AnyServerMessage) -> None:
        scene = Scene().start()
        scene.connection.notify(notice)
        assert scene.wire.last == message

    def test_playback_reports_are_passed_on(self) -> None:
        scene = Scene().start(features=["playback"])
        scene.say("playback", reply=2, played_ms=700, state="finished")
        assert scene.session.events == [PlayoutReported(reply=2, ms=700, quality=Quality.REPORTED, finished=True)]

    def test_playback_reports_need_the_feature(self) -> None:
        scene = Scene().start()
        scene.say("playback", reply=1, played_ms=700)
        assert (error(scene).code, scene.session.events) == ("unsupported", [])

    def test_ping_is_answered(self) -> None:
        scene = Scene().start()
        scene.say("ping", t=12.5)
        assert isinstance(scene.wire.last, Pong)
        assert scene.wire.last.t == 12.5

    def test_the_client_hangs_up(self) -> None:
        scene = Scene().start()
        scene.say("session.end")
        assert scene.session.hung_up == [EndReason.CLIENT_ENDED]
        assert isinstance(scene.wire.last, SessionEnded)
        assert scene.wire.last.reason == "client_ended"
        assert scene.close_code == 1000

    @pytest.mark.parametrize("type_", ["session.resume", "session.update"])
    def test_what_later_releases_serve_is_refused_and_ends_nothing(self, type_: str) -> None:
        scene = Scene().start()
        scene.say(type_)
        assert (error(scene).code, error(scene).fatal, error(scene).ref) == ("unsupported", False, type_)
        assert scene.wire.closed is None


class TestBadMessages:
    @pytest.mark.parametrize("text", ["hello", "", "[1]", '"a"', "{", "NaN", "[" * 2000])
    def test_what_is_no_json_object_ends_the_connection(self, text: str) -> None:
        scene = Scene().start()
        scene.connection.on_text(text)
        assert scene.close_code == 4400
        assert error(scene).code == "not_json"
        assert scene.session.hung_up == [EndReason.PROTOCOL]
        assert isinstance(scene.wire.last, SessionEnded)

    def test_an_unknown_type_is_named_and_ends_nothing(self) -> None:
        scene = Scene().start()
        scene.say("sing")
        assert (error(scene).code, error(scene).ref, error(scene).fatal) == ("unknown_type", "sing", False)
        assert scene.wire.closed is None

    def test_a_missing_type_is_said(self) -> None:
        scene = Scene().start()
        scene.connection.on_text("{}")
        assert error(scene).code == "invalid"
        assert '"type"' in error(scene).message

    def test_a_wrong_field_is_named_without_its_value(self) -> None:
        scene = Scene().start()
        scene.say("text", text={"secret": "what I said"}, id="m7")
        assert (error(scene).code, error(scene).ref) == ("invalid", "m7")
        assert 'text: "text": Input should be a valid string' in error(scene).message
        assert "what I said" not in scene.wire.sent[-1]

    def test_a_loop_gone_wild_is_ended_with_4413(self) -> None:
        scene = Scene().start()
        for _ in range(1000):
            scene.say("input.clear")
        assert scene.close_code == 4413
        assert error(scene).code == "rate"

    def test_a_deployment_may_allow_fewer_messages(self) -> None:
        scene = Scene(limits=LimitsConfig(messages_per_second=2)).start()
        for _ in range(20):
            scene.say("input.clear")
        assert (scene.close_code, len(scene.session.events)) == (4413, 7)

    def test_fifty_messages_a_second_are_fine_for_ever(self) -> None:
        scene = Scene().start()
        for _ in range(5000):
            scene.clock.now += 1 / 50
            scene.say("input.clear")
        assert scene.wire.closed is None

    def test_a_message_over_the_limit_is_refused_with_1009(self) -> None:
        scene = Scene(limits=LimitsConfig(frame_bytes=1024)).start()
        scene.connection.on_bytes(b"\0" * 1025)
        assert scene.wire.closed == (1009, "a message may have at most 1024 bytes")


class TestAudioIn:
    def test_samples_split_between_frames_are_joined(self) -> None:
        scene = Scene().start()
        pcm = bytes(range(200))
        for size in (1, 3, 0, 5, 191):
            scene.connection.on_bytes(pcm[:size])
            pcm = pcm[size:]
        assert scene.session.pcm == bytes(range(200))

    def test_a_frame_that_ends_within_a_sample_keeps_that_byte(self) -> None:
        scene = Scene().start()
        scene.connection.on_bytes(b"abc")
        assert scene.session.pcm == b"ab"

    def test_audio_far_ahead_of_real_time_is_left_out_and_said_once(self) -> None:
        scene = Scene().start()
        for _ in range(15):
            scene.connection.on_bytes(b"\1\0" * 16_000)
        assert len(scene.session.pcm) == 10 * 32_000
        flows = [message for message in scene.wire.messages if isinstance(message, Flow)]
        assert [(flow.input, flow.dropped_ms) for flow in flows] == [("dropping", 1000)]
        assert scene.dropped.ms == 1000

    def test_it_is_said_when_audio_is_taken_again(self) -> None:
        scene = Scene().start()
        for _ in range(11):
            scene.connection.on_bytes(b"\1\0" * 16_000)
        scene.clock.now += 5
        scene.connection.on_bytes(b"\1\0" * 1_600)
        flow = scene.wire.last
        assert isinstance(flow, Flow)
        assert flow.input == "ok"

    def test_real_time_with_a_fast_sound_card_is_never_too_much(self) -> None:
        scene = Scene().start()
        second = b"\0" * 32_000
        for _ in range(6000):
            scene.clock.now += 0.996
            scene.connection.on_bytes(second)
        assert scene.dropped.ms == 0


class TestAudioOut:
    def test_audio_is_announced_before_its_first_frame_only(self) -> None:
        scene = Scene().start()
        for offset in (0, 20, 40):
            scene.connection.write(1, offset, b"\1\0" * 480)
        announced = [message for message in scene.wire.messages if isinstance(message, ReplyAudio)]
        assert [(a.reply, a.offset_ms) for a in announced] == [(1, 0)]
        assert isinstance(scene.wire.sent[1], str)
        assert isinstance(scene.wire.sent[2], bytes)

    def test_a_jump_within_a_reply_is_announced(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, b"\1\0" * 480)
        scene.connection.write(1, 500, b"\1\0" * 480)
        announced = [message for message in scene.wire.messages if isinstance(message, ReplyAudio)]
        assert [a.offset_ms for a in announced] == [0, 500]

    def test_offsets_that_are_rounded_are_no_jump(self) -> None:
        scene = Scene().start()
        samples = 0
        for _ in range(1000):
            scene.connection.write(1, samples * 1000 // 24_000, b"\1\0" * 331)
            samples += 331
        assert sum(isinstance(message, ReplyAudio) for message in scene.wire.messages) == 1

    def test_no_byte_of_a_reply_follows_its_interruption(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, b"\1\0" * 480)
        scene.connection.clear(1)
        scene.connection.notify(ReplyCutShort(reply=1, heard=Heard("Hel", 20, Quality.ESTIMATED)))
        scene.connection.write(1, 20, b"\1\0" * 480)
        assert scene.wire.audio == b""
        interrupted = scene.wire.last
        assert isinstance(interrupted, ReplyInterrupted)
        assert (interrupted.heard, interrupted.heard_ms, interrupted.quality) == ("Hel", 20, "estimated")

    def test_the_next_reply_is_heard_after_an_interruption(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, b"\1\0")
        scene.connection.clear(1)
        scene.connection.write(2, 0, b"\2\0")
        assert scene.wire.audio == b"\2\0"


class TestTheEnd:
    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            (EndReason.CLIENT_ENDED, 1000),
            (EndReason.IDLE, 4420),
            (EndReason.DURATION, 4421),
            (EndReason.BUDGET, 4422),
            (EndReason.DRAINED, 4503),
            (EndReason.PROVIDERS_FAILED, 4502),
            (EndReason.SLOW_CLIENT, 4414),
            (EndReason.INTERNAL, 4500),
        ],
    )
    def test_every_reason_has_its_close_code(self, reason: EndReason, code: int) -> None:
        scene = Scene().start()
        scene.connection.end(reason)
        assert isinstance(scene.wire.last, SessionEnded)
        assert scene.wire.last.reason == reason.value
        assert scene.close_code == code

    def test_g07_the_goodbye_says_what_it_cost(self) -> None:
        scene = Scene().start()
        scene.door.cost = Decimal("1E-6")
        scene.connection.end(EndReason.IDLE)
        assert scene.wire.last == SessionEnded(seq=2, reason="idle", cost="0.000001")

    def test_nothing_is_sent_after_the_close(self) -> None:
        scene = Scene().start()
        scene.connection.end(EndReason.IDLE)
        scene.connection.write(1, 0, b"\0\0")
        scene.connection.notify(TranscriptUpdated(turn=1, rev=1, text="late", final=True))
        scene.connection.end(EndReason.DURATION)
        scene.connection.on_mistake()
        assert not any(isinstance(message, Transcript) for message in scene.wire.messages)

    def test_a_client_that_vanishes_ends_its_session_once(self) -> None:
        scene = Scene().start()
        scene.connection.on_disconnect()
        scene.connection.on_disconnect()
        assert scene.session.hung_up == [EndReason.CLIENT_GONE]

    def test_a_client_that_does_not_read_ends_its_session_as_slow(self) -> None:
        scene = Scene().start()
        scene.connection.on_slow()
        scene.connection.on_disconnect()
        assert scene.session.hung_up == [EndReason.SLOW_CLIENT]

    def test_a_mistake_of_the_server_is_said_to_be_one(self) -> None:
        scene = Scene().start()
        scene.connection.on_mistake()
        assert scene.close_code == 4500
        assert scene.session.hung_up == [EndReason.INTERNAL]

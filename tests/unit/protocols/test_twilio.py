"""Twilio Media Streams, message by message (G11)."""

from __future__ import annotations

import logging

import pytest

from parley_gateway.audio import mulaw
from parley_gateway.conversation.events import DtmfReceived, EndReason, PlayoutReported, Quality
from parley_gateway.conversation.notices import CallerSpeaks, InputDropped
from tests.unit.protocols.twilio_scene import CALL, STREAM, Scene

WORDS = bytes(range(160))
"""20 ms of µ-law."""


def pcm(ms: int) -> bytes:
    return b"\x10\x20" * 8 * ms


class TestStart:
    def test_the_stream_brings_its_token_as_a_parameter(self) -> None:
        scene = Scene(token="t").start(token="t")
        assert scene.door.asked[0].token == "t"
        assert scene.close_code is None

    def test_a_wrong_token_closes_with_4401_and_a_reason(self) -> None:
        scene = Scene(token="t").start(token="wrong")
        assert scene.wire.closed == (4401, "no such token")
        assert scene.wire.sent == [], "Twilio takes an unknown message for an error of its own"

    def test_a_missing_token_closes_with_4401(self) -> None:
        assert Scene(token="t").start().close_code == 4401

    def test_a_signed_handshake_needs_no_token(self) -> None:
        scene = Scene(token="t", vouched="twilio").start()
        assert scene.close_code is None
        assert scene.door.asked[0].vouched == "twilio"

    def test_silence_is_ended_at_the_deadline_with_4408(self) -> None:
        scene = Scene()
        scene.say("connected", stream=None)
        scene.connection.on_start_deadline()
        assert scene.close_code == 4408

    def test_the_deadline_means_nothing_to_a_call(self) -> None:
        scene = Scene().start()
        scene.connection.on_start_deadline()
        assert scene.close_code is None

    @pytest.mark.parametrize("field", ["encoding", "sampleRate", "channels"])
    def test_other_media_than_telephone_audio_are_refused(self, field: str) -> None:
        wanted = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        scene = Scene().start(media_format={**wanted, field: "other"})
        assert scene.close_code == 4400

    def test_what_twilio_may_add_to_the_format_does_no_harm(self) -> None:
        wanted = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1, "new": True}
        assert Scene().start(media_format=wanted).close_code is None

    def test_the_session_is_tied_to_the_call_in_the_logs(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        Scene().start()
        (record,) = [record for record in caplog.records if record.message == "call connected"]
        assert (record.__dict__["session"], record.__dict__["call"]) == ("s1", CALL)

    def test_the_link_says_what_a_telephone_can_do(self) -> None:
        capabilities = Scene().connection.capabilities
        assert (capabilities.input_rate, capabilities.output_rate) == (8000, 8000)
        assert (capabilities.can_pause, capabilities.can_drop, capabilities.reports_playout) == (False, True, True)
        assert capabilities.lead_ms == 1000


class TestAdmission:
    def test_what_the_caller_says_meanwhile_is_heard_once_the_session_is_there(self) -> None:
        scene = Scene(prompt=False).start()
        scene.speak(WORDS)
        scene.speak(WORDS[::-1])
        assert scene.session.chunks == []
        assert scene.asking
        scene.asking.answer()
        assert scene.session.pcm == mulaw.decode(WORDS + WORDS[::-1])

    def test_keys_that_are_pressed_meanwhile_are_told_then(self) -> None:
        scene = Scene(prompt=False).start()
        for digit in "4" * 70:
            scene.say("dtmf", dtmf={"track": "inbound_track", "digit": digit})
        assert scene.asking
        scene.asking.answer()
        assert scene.session.events == [DtmfReceived("4")] * 64

    def test_no_more_than_five_seconds_of_it_are_kept(self) -> None:
        scene = Scene(prompt=False).start()
        for _ in range(500):
            scene.clock.now += 0.02
            scene.speak(WORDS)
        assert scene.asking
        scene.asking.answer()
        assert len(scene.session.pcm) == 5 * 16_000

    @pytest.mark.parametrize("leave", ["stop", "disconnect"])
    def test_a_caller_who_hangs_up_meanwhile_gets_no_session(self, leave: str) -> None:
        scene = Scene(prompt=False).start()
        if leave == "stop":
            scene.say("stop", stop={})
        else:
            scene.connection.on_disconnect()
        assert scene.asking
        assert scene.asking.cancelled
        assert scene.session.hung_up == []
        scene.asking.close()

    def test_a_second_start_asks_for_no_second_session(self) -> None:
        scene = Scene().start().start()
        assert len(scene.door.asked) == 1


class TestCaller:
    def test_media_are_heard_as_pcm(self) -> None:
        scene = Scene().start()
        scene.speak(WORDS)
        assert scene.session.pcm == mulaw.decode(WORDS)

    def test_the_agents_own_track_is_not_heard(self) -> None:
        scene = Scene().start()
        scene.speak(WORDS, track="outbound")
        assert scene.session.pcm == b""

    def test_media_of_another_stream_are_not_heard(self) -> None:
        scene = Scene().start()
        scene.speak(WORDS, stream="MZother")
        assert scene.session.pcm == b""

    def test_media_before_the_start_are_nobodys(self) -> None:
        scene = Scene()
        scene.speak(WORDS)
        scene.start()
        assert (scene.session.pcm, scene.close_code) == (b"", None)

    def test_keys_are_told(self) -> None:
        scene = Scene().start()
        for digit in "1*#":
            scene.say("dtmf", dtmf={"track": "inbound_track", "digit": digit})
        assert scene.session.events == [DtmfReceived("1"), DtmfReceived("*"), DtmfReceived("#")]

    def test_stop_ends_the_session_and_the_connection_as_the_client_wished(self) -> None:
        scene = Scene().start()
        scene.say("stop", stop={"accountSid": "AC0", "callSid": CALL})
        assert scene.session.hung_up == [EndReason.CLIENT_ENDED]
        assert scene.close_code == 1000

    def test_a_connection_that_is_lost_is_a_client_that_is_gone(self) -> None:
        scene = Scene().start()
        scene.connection.on_disconnect()
        assert scene.session.hung_up == [EndReason.CLIENT_GONE]

    def test_more_audio_than_time_is_left_out_and_counted(self) -> None:
        scene = Scene().start()
        for _ in range(600):
            scene.speak(WORDS)
        assert len(scene.session.pcm) == 10 * 16_000
        assert scene.dropped.ms == 20


class TestAgent:
    def test_speech_is_sent_as_mulaw_of_the_same_stream(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(100))
        assert scene.told[0]["streamSid"] == STREAM
        assert scene.played == mulaw.decode(mulaw.encode(pcm(100)))

    def test_clear_makes_twilio_forget_and_nothing_of_the_reply_follows(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(100))
        scene.connection.clear(1)
        scene.connection.write(1, 100, pcm(100))
        assert scene.events == ["media", "mark", "clear"]

    def test_drop_makes_twilio_forget_and_more_of_the_reply_may_follow(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(500))
        scene.connection.drop(1)
        scene.connection.write(1, 200, pcm(100))
        assert scene.events == ["media", "mark", "clear", "media", "mark"]

    def test_what_is_forgotten_is_not_forgotten_twice(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(500))
        scene.connection.drop(1)
        scene.connection.clear(1)
        assert scene.events.count("clear") == 1

    def test_notices_are_not_told_since_twilio_has_no_words_for_them(self) -> None:
        scene = Scene().start()
        scene.connection.notify(CallerSpeaks())
        scene.connection.notify(InputDropped(ms=40))
        assert scene.wire.sent == []
        assert scene.dropped.ms == 40

    @pytest.mark.parametrize(("reason", "code"), [(EndReason.IDLE, 4420), (EndReason.DRAINED, 4503)])
    def test_the_end_of_a_session_closes_with_the_code_of_its_reason(self, reason: EndReason, code: int) -> None:
        scene = Scene().start()
        scene.connection.end(reason)
        assert scene.close_code == code

    def test_after_the_end_nothing_is_sent(self) -> None:
        scene = Scene().start()
        scene.connection.end(EndReason.IDLE)
        scene.connection.write(1, 0, pcm(100))
        scene.connection.finish(1)
        scene.connection.clear(1)
        scene.say("stop", stop={})
        assert scene.wire.sent == []


class TestMarks:
    def test_the_first_audio_has_a_mark_and_then_every_400_ms(self) -> None:
        scene = Scene().start()
        for offset in range(0, 1500, 100):
            scene.connection.write(1, offset, pcm(100))
        assert scene.marks == ["1.0.100", "1.0.500", "1.0.900", "1.0.1300"]

    def test_the_end_of_a_reply_has_one(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(100))
        scene.connection.write(1, 100, pcm(60))
        scene.connection.finish(1)
        assert scene.marks == ["1.0.100", "1.0.160"]

    def test_what_comes_back_has_been_heard(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(100))
        scene.return_mark("1.0.100")
        assert scene.session.events == [PlayoutReported(1, 100, Quality.MARK)]

    def test_the_last_mark_says_that_the_reply_is_over(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(100))
        scene.connection.finish(1)
        scene.return_mark("1.0.100")
        assert scene.session.events == [PlayoutReported(1, 100, Quality.MARK, finished=True)]

    def test_a_mark_that_clear_gives_back_means_nothing(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(500))
        scene.connection.clear(1)
        scene.return_mark("1.0.500")
        scene.connection.write(2, 0, pcm(500))
        scene.return_mark("1.0.500")
        assert scene.session.events == []

    def test_a_mark_from_before_a_drop_means_nothing_and_one_from_after_it_does(self) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(500))
        scene.connection.drop(1)
        scene.return_mark("1.0.500")
        scene.connection.write(1, 200, pcm(100))
        scene.return_mark("1.1.300")
        assert scene.session.events == [PlayoutReported(1, 300, Quality.MARK)]

    @pytest.mark.parametrize("name", ["", "x", "1.0", "1.0.99999", "2.0.100", "1.1.100", "-1.0.100", "1.0.\u0661"])
    def test_a_mark_that_was_never_set_means_nothing(self, name: str) -> None:
        scene = Scene().start()
        scene.connection.write(1, 0, pcm(100))
        scene.return_mark(name)
        assert scene.session.events == []


class TestBadInput:
    @pytest.mark.parametrize("text", ["hello", "[]", "null", '"start"', "{}", '{"event":"start"}', "\ud800"])
    def test_what_is_no_message_ends_a_connection_without_a_session(self, text: str) -> None:
        scene = Scene()
        scene.connection.on_text(text)
        assert scene.close_code == 4400

    @pytest.mark.parametrize(
        "text",
        [
            "hello",
            "[]",
            f'{{"event":"media","streamSid":"{STREAM}"}}',
            f'{{"event":"media","streamSid":"{STREAM}","media":{{"payload":"%%%%"}}}}',
            f'{{"event":"media","streamSid":"{STREAM}","media":{{"payload":7}}}}',
            f'{{"event":"media","streamSid":"{STREAM}","media":[]}}',
            f'{{"event":"dtmf","streamSid":"{STREAM}","dtmf":{{"digit":"12"}}}}',
            f'{{"event":"mark","streamSid":"{STREAM}","mark":null}}',
        ],
    )
    def test_it_does_not_end_a_call(self, text: str, caplog: pytest.LogCaptureFixture) -> None:
        scene = Scene().start()
        scene.connection.on_text(text)
        scene.connection.on_text(text)
        assert (scene.close_code, scene.session.events, scene.session.pcm) == (None, [], b"")
        assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1

    def test_events_that_twilio_may_add_are_ignored(self) -> None:
        scene = Scene().start()
        scene.say("weather", weather={"sunny": True})
        assert scene.close_code is None

    def test_binary_messages_end_it(self) -> None:
        scene = Scene().start()
        scene.connection.on_bytes(b"\0")
        assert scene.close_code == 4400
        assert scene.session.hung_up == [EndReason.PROTOCOL]

    def test_a_message_that_is_too_long_ends_it(self) -> None:
        scene = Scene(frame_bytes=1024).start()
        scene.speak(bytes(1024))
        assert scene.close_code == 1009
        assert scene.session.hung_up == [EndReason.SIZE]

    def test_a_loop_gone_wild_ends_it(self) -> None:
        scene = Scene().start()
        for _ in range(1_100):
            scene.say("weather")
        assert scene.close_code == 4413

    def test_a_minute_of_a_call_is_no_flood(self) -> None:
        scene = Scene().start()
        for number in range(3_000):
            scene.clock.now += 0.02
            scene.speak(WORDS)
            if number % 10 == 0:
                scene.return_mark("1.0.100")
        assert scene.close_code is None
        assert len(scene.session.pcm) == 60 * 16_000

    def test_a_mistake_of_ours_is_said_as_one(self) -> None:
        scene = Scene().start()
        scene.connection.on_mistake()
        assert scene.close_code == 4500
        assert scene.session.hung_up == [EndReason.INTERNAL]

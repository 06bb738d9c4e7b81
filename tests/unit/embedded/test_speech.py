"""Speech that can be heard, and can be understood by our own recogniser."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from parley_contract.pipeline import DeadlinesConfig, EmbeddedTts
from parley_gateway.audio.resample import Resampler
from parley_gateway.conversation.events import Stage, Word
from parley_gateway.ports import Tts
from parley_gateway.providers.embedded.process import ChildProcess
from parley_gateway.providers.embedded.recogniser import Recogniser
from parley_gateway.providers.embedded.voices import UnknownVoiceError
from parley_gateway.providers.registry import create_tts
from parley_gateway.providers.tts.embedded import EmbeddedSpeech
from tests.gateway.providers.network import SPEECH, none_but, spoken
from tests.recordings import RATE
from tests.unit.embedded.sounds import room

SENTENCE = "It is half past ten, and you can ask me to count to twenty."


async def speak(tts: Tts, *texts: str) -> tuple[bytes, list[Word]]:
    pcm, words = b"", list[Word]()
    async for audio in tts.speak(SPEECH, spoken(*texts)):
        pcm += audio.pcm
        words += audio.words
    return pcm, words


async def test_it_is_audible_and_as_long_as_it_takes_to_say(tts: Tts) -> None:
    pcm, _ = await speak(tts, SENTENCE)
    samples = np.frombuffer(pcm, "<i2").astype(float)
    seconds = len(samples) / tts.sample_rate

    assert np.sqrt(np.mean(samples**2)) > 1_000
    assert seconds == pytest.approx(13 / 170 * 60, rel=0.4)


async def test_it_sounds_like_a_voice_and_not_like_noise(tts: Tts) -> None:
    """Most of its energy lies where voices are, in harmonics of one pitch."""
    pcm, _ = await speak(tts, SENTENCE)
    samples = np.frombuffer(pcm, "<i2").astype(float)
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / tts.sample_rate)

    assert power[(frequency > 80) & (frequency < 4_000)].sum() / power.sum() > 0.8
    flatness = np.exp(np.mean(np.log(power + 1))) / np.mean(power)
    assert flatness < 0.1


@pytest.mark.parametrize(
    "text", ["go forward ten meters", "tell me a story", "what can you do", "my favorite color is blue"]
)
async def test_a_recogniser_that_was_trained_with_people_finds_its_words(text: str) -> None:
    """Synthetic voices are hard for it, so it may be uncertain; no other sentence is nearer, though."""
    tts = create_tts(EmbeddedTts(words_per_minute=140), DeadlinesConfig())
    try:
        pcm, _ = await speak(tts, text)
    finally:
        await tts.aclose()
    resampler = Resampler(tts.sample_rate, RATE)
    audio = resampler.feed(pcm) + resampler.flush()

    assert [word.text for word in Recogniser().recognise(room(200) + audio + room(200)).words] == text.split()


async def test_words_lie_in_the_audio_in_their_order(tts: Tts) -> None:
    pcm, words = await speak(tts, SENTENCE)
    edges = [edge for word in words for edge in (word.start_ms, word.end_ms)]

    assert " ".join(word.text for word in words) == SENTENCE.replace(",", "").replace(".", "")
    assert edges == sorted(edges)
    assert edges[0] < 200
    assert edges[-1] == len(pcm) // 2 * 1000 // tts.sample_rate


async def test_the_first_audio_does_not_wait_for_the_last(tts: Tts) -> None:
    async with aclosing(tts.speak(SPEECH, spoken(SENTENCE * 5))) as audio:  # type: ignore[type-var]
        first = await anext(audio)

    assert len(first.pcm) / 2 / tts.sample_rate <= 0.2


async def test_a_text_of_any_characters_is_spoken(tts: Tts) -> None:
    pcm, _ = await speak(tts, "Zürich\0 costs 5 €, said the 🦜 to the 東京 <b>crowd</b>.")

    assert len(pcm) > tts.sample_rate


async def test_a_text_without_words_is_no_error(tts: Tts) -> None:
    await speak(tts, "…", " ", "?!", "Hello.")


async def test_words_per_minute_are_kept() -> None:
    lengths = []
    for words_per_minute in (100, 300):
        tts = create_tts(EmbeddedTts(words_per_minute=words_per_minute), DeadlinesConfig())
        pcm, _ = await speak(tts, SENTENCE)
        await tts.aclose()
        lengths.append(len(pcm))

    assert lengths[0] > 2 * lengths[1]


@pytest.mark.parametrize("voice", ["en-gb", "EN-US+f3", "de", "fr-fr", "pt-br"])
async def test_another_voice_sounds_different(tts: Tts, voice: str) -> None:
    other = create_tts(EmbeddedTts(voice=voice), DeadlinesConfig())
    pcm, _ = await speak(other, SENTENCE)
    await other.aclose()

    assert len(pcm) > tts.sample_rate
    assert pcm != (await speak(tts, SENTENCE))[0]


@pytest.mark.parametrize("voice", ["klingon", "", "en-us+nobody", "../../etc/passwd"])
def test_a_voice_that_does_not_exist_is_an_error_that_names_some_that_do(voice: str) -> None:
    with pytest.raises(UnknownVoiceError, match="does not exist: take a language such as en-us, en-gb"):
        create_tts(EmbeddedTts(voice=voice), DeadlinesConfig())


async def test_an_interrupted_reply_does_not_delay_the_next(tts: Tts) -> None:
    """An hour of speech is begun and left; what follows is spoken whole, by the same child."""
    assert isinstance(tts, EmbeddedSpeech)
    child = tts._worker.pid
    before = asyncio.all_tasks()
    async with aclosing(tts.speak(SPEECH, spoken(SENTENCE * 1_000))) as audio:  # type: ignore[type-var]
        await anext(audio)
    await none_but(before)
    after, later = [len((await speak(tts, SENTENCE))[0]) for _ in range(2)]

    assert after == pytest.approx(later, rel=0.01)
    assert tts._worker.pid == child


async def test_a_child_that_nobody_listens_to_ends_and_leaves_no_pipe_open() -> None:
    before = open_files()
    child = await ChildProcess.start("tests.unit.embedded.talker", (), stage=Stage.TTS, deadline=60)
    await child.end(grace=60)

    assert not child.alive
    assert open_files() == before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_slow_listener_does_not_keep_others_waiting(tts: Tts) -> None:
    async with aclosing(tts.speak(SPEECH, spoken(SENTENCE * 20))) as slow:  # type: ignore[type-var]
        await anext(slow)
        pcm, _ = await speak(tts, SENTENCE)

    assert len(pcm) > tts.sample_rate


async def test_a_child_that_is_killed_is_replaced(tts: Tts) -> None:
    assert isinstance(tts, EmbeddedSpeech)
    assert tts._worker.pid is not None
    os.kill(tts._worker.pid, signal.SIGKILL)
    pcm, _ = await speak(tts, SENTENCE)

    assert len(pcm) > tts.sample_rate

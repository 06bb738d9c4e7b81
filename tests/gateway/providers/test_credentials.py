"""API keys come from files, are used anew when they change, and are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.credentials import KeyedClients, KeyFile, Keys
from tests.emulators.emulators import Emulators
from tests.emulators.journal import fingerprint
from tests.gateway.providers.network import Network, a_request, befall, drained, open_provider


def refusal(path: Path) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        KeyFile(Stage.LLM, path).read()
    assert caught.value.kind is FailureKind.REFUSED
    assert str(path) in str(caught.value)
    return caught.value


@pytest.mark.parametrize("content", [b"sk-key", b"sk-key\n", b"  sk-key \r\n", b"\tsk-key"])
def test_o05_white_space_around_a_key_is_not_part_of_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    assert KeyFile(Stage.LLM, path).read() == "sk-key"


def test_o05_a_missing_key_says_which_file_to_mount(tmp_path: Path) -> None:
    assert "mount the Secret" in str(refusal(tmp_path / "key"))
    assert "cannot be read" in str(refusal(tmp_path))


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"sk-one\nsk-two\n", b"sk key", "schlüssel".encode(), b"\xff\xfe"]
)
def test_o05_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    shown = str(refusal(path)).replace(str(path), "")
    assert not any(part in shown for part in ("sk-", "sk key", "schl"))


def test_o05_a_changed_key_is_read_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("sk-one")
    built: list[str] = []
    clients = KeyedClients(Keys(Stage.LLM, [path]), lambda key: built.append(key) or key)  # type: ignore[func-returns-value]
    assert [clients.any(), clients.any()] == ["sk-one", "sk-one"]
    replacement = tmp_path / "new"
    replacement.write_text("sk-two")
    replacement.replace(path)  # as Kubernetes does it: another file under the same name
    assert clients.any() == "sk-two"
    assert built == ["sk-one", "sk-two"]


async def test_o05_a_rotated_secret_is_used_from_the_next_request_on(
    emulators: Emulators, network: Network
) -> None:
    async with open_provider(network.anthropic()) as llm:
        befall(emulators, "anthropic", keys=["sk-rotated"])
        _, failure = await drained(llm.reply(a_request()))
        assert failure is not None
        assert failure.kind is FailureKind.REFUSED
        network.key_file.write_text("sk-rotated\n")
        events, failure = await drained(llm.reply(a_request()))
        assert events
        assert failure is None
    assert emulators.journal.entries[-1].key == fingerprint("sk-rotated")


@pytest.mark.parametrize("name", ["anthropic", "openai_chat", "openai_speech", "deepgram"])
async def test_o05_warming_without_a_key_is_a_refusal_that_names_the_file(
    emulators: Emulators, tmp_path: Path, name: str
) -> None:
    network = Network(emulators.url, tmp_path / "missing")
    async with open_provider(getattr(network, name)()) as provider:
        with pytest.raises(ProviderError, match="missing"):
            await provider.warm()

"""What an answer takes, told to the request's meter: each part once, as soon as it is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from parley_gateway.conversation.events import Stage
from parley_gateway.conversation.history import HistoryItem, ToolExchange
from parley_gateway.ports import LlmRequest, Unit, Usage

_CHARACTERS_PER_TOKEN = 4
"""Of English text, as the makers of the models give it; other languages take more."""
_INPUT = (Unit.INPUT_TOKENS, Unit.CACHED_INPUT_TOKENS, Unit.CACHE_WRITE_INPUT_TOKENS)


class TokenUsage:
    """Counts one answer's tokens: as its provider counts them, estimated from the text where it does not say."""

    def __init__(self, request: LlmRequest, *, provider: str, model: str) -> None:
        self._request = request
        self._provider = provider
        self._model = model
        self._begun = False
        self._whole = False
        self._told: dict[Unit, int] = {}
        self._said_output: int | None = None
        self._characters = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """What is done within is the request. However it is left, what it took has then been told.

        A request that was refused, or got to nobody, took nothing; one that was given up took its input.
        """
        refused = False
        try:
            yield
        except Exception:
            refused = not self._begun
            raise
        finally:
            if not refused:
                self._settle()

    def begun(self) -> None:
        """The provider answers."""
        self._begun = True

    def read(self, *, tokens: int, cached: int = 0, cache_written: int = 0) -> None:
        """The provider says what it has read so far: uncached, from its cache, and into its cache."""
        self._tell(dict(zip(_INPUT, (tokens, cached, cache_written), strict=True)))

    def written(self, tokens: int) -> None:
        """The provider says how much it has written so far."""
        self._said_output = tokens

    def wrote(self, text: str) -> None:
        """Some of the answer has come, in words or as a tool's arguments."""
        self._characters += len(text)

    def ended(self) -> None:
        """The answer is whole: what the provider has said of it is all."""
        self._whole = True

    def _settle(self) -> None:
        """Tell what has not been told yet."""
        if not any(unit in self._told for unit in _INPUT):
            self._tell({Unit.INPUT_TOKENS: _tokens(_characters_read(self._request))}, estimated=True)
        said = self._said_output or 0
        if self._whole and self._said_output is not None:
            self._tell({Unit.OUTPUT_TOKENS: said})
        else:
            written = max(said, _tokens(self._characters))
            self._tell({Unit.OUTPUT_TOKENS: written}, estimated=True)

    def _tell(self, totals: Mapping[Unit, int], *, estimated: bool = False) -> None:
        """Tell by how much the totals have grown."""
        grown = {unit: total - self._told.get(unit, 0) for unit, total in totals.items()}
        amounts = {unit: float(amount) for unit, amount in grown.items() if amount > 0}
        self._told |= {unit: max(total, self._told.get(unit, 0)) for unit, total in totals.items()}
        if amounts:
            self._request.meter(Usage(Stage.LLM, self._provider, self._model, amounts, estimated))


def _tokens(characters: int) -> int:
    return -(-characters // _CHARACTERS_PER_TOKEN)


def _characters_read(request: LlmRequest) -> int:
    tools = sum(len(t.name) + len(t.description) + len(json.dumps(t.parameters)) for t in request.tools)
    return len(request.instructions) + tools + sum(_length(item) for item in request.history)


def _length(item: HistoryItem) -> int:
    if isinstance(item, ToolExchange):
        return len(item.call.name) + len(item.call.arguments) + len(item.result.text)
    return len(item.text)

"""Where a client connects to and as whom: one value to hand on instead of five arguments."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from parley_client.connection import Connection, connect
from parley_contract.native import AudioFormat, Feature


@dataclass(frozen=True, slots=True)
class Target:
    """An agent's address and a caller's credentials."""

    url: str
    token: str | None = field(default=None, repr=False)
    ssl_context: ssl.SSLContext | None = None
    address: tuple[str, int] | None = None

    def connect(
        self, *, audio: AudioFormat | None = None, features: Sequence[Feature] = ()
    ) -> AbstractAsyncContextManager[Connection]:
        """As `parley_client.connect`."""
        return connect(
            self.url,
            token=self.token,
            ssl_context=self.ssl_context,
            address=self.address,
            audio=audio,
            features=features,
        )

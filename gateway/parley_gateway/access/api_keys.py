"""API keys: for servers, which open sessions with them and mint client secrets."""

from __future__ import annotations

from collections.abc import Sequence

from parley_contract.access import ApiKey
from parley_gateway.access.secret_files import SecretFile


class ApiKeys:
    """The keys of a deployment, each in a file."""

    def __init__(self, keys: Sequence[ApiKey]) -> None:
        """Read them for the first time. Raises OSError or ValueError."""
        self._keys = [(key, SecretFile(key.file)) for key in keys]

    def holder(self, token: bytes) -> ApiKey | None:
        """Whose key this is. All are compared, so that the time it takes does not tell which one matched."""
        holders = [key for key, file in self._keys if file.matches(token)]
        return holders[-1] if holders else None

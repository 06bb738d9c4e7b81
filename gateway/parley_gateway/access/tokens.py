"""Static tokens: whoever has one is let in under the name of its file."""

from __future__ import annotations

from parley_contract.access import TokenAuth
from parley_gateway.access.secret_files import SecretFile
from parley_gateway.accounts import Subject


class StaticTokens:
    """The tokens of a deployment, each in a file."""

    def __init__(self, config: TokenAuth) -> None:
        """Read them for the first time. Raises OSError or ValueError."""
        self._files = [SecretFile(path) for path in config.token_files]
        self.in_address = config.in_address
        """Whether they are taken from the URL too."""

    def holder(self, token: bytes) -> Subject | None:
        """Whose token this is. All are compared, so that the time it takes does not tell which one matched."""
        holders = [file.name for file in self._files if file.matches(token)]
        return Subject(user=None, tenant=holders[-1], name=holders[-1]) if holders else None

"""Reading the file that tells the process everything."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from parley_contract.config import GatewayConfig


class ConfigurationError(Exception):
    """The process cannot start like this. One problem a line, each with its place and what to do."""


def load(path: Path) -> GatewayConfig:
    """The configuration in a JSON file. Raises ConfigurationError."""
    try:
        return GatewayConfig.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not a text file in UTF-8") from error
    except ValidationError as error:
        raise ConfigurationError("\n".join(_problems(path, error))) from error


def _problems(path: Path, error: ValidationError) -> list[str]:
    return [
        f"{path}: {'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]

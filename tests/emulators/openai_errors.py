"""How OpenAI's endpoints tell errors."""

from __future__ import annotations

from typing import Any

from tests.emulators.scripted import RefusalError


def error_object(refusal: RefusalError) -> dict[str, Any]:
    """The body of a refusal."""
    code = "invalid_api_key" if refusal.status == 401 else None
    return {"error": {"message": refusal.message, "type": refusal.error_type, "param": None, "code": code}}

"""What every part of the configuration is made of."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0)]
FilePath = PurePosixPath
Fraction = Annotated[float, Field(ge=0, le=1)]
LogLevel = Literal["Debug", "Info", "Warning", "Error"]
HttpPath = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]*$", max_length=256)]


class ConfigModel(BaseModel):
    """A part of the configuration: immutable, and unknown fields are errors rather than typos that do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

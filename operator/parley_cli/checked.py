"""What a check of a file finds: errors, warnings and notes, and what each VoiceDeployment becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parley_operator.render.apis import OPTIONAL
from parley_operator.render.rendered import Rendered

if TYPE_CHECKING:
    from parley_operator.api import VoiceDeployment


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is said of a resource, and where in its file."""

    line: int
    path: str
    """The field; empty where it is the resource as a whole, or where the message names it."""
    message: str

    def __str__(self) -> str:
        """Without the place."""
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Supposed:
    """What a resource is rendered for, where no cluster is asked."""

    apis: frozenset[str] = frozenset(OPTIONAL)
    """The kinds that are made only where their API is installed: all of them, unless somebody says otherwise."""
    ingress_controller: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One VoiceDeployment of a file."""

    file: Path
    name: str
    document: dict[str, Any]
    """As it stands in the file."""
    errors: tuple[Remark, ...]
    """What a cluster would refuse, in the order of its lines."""
    warnings: tuple[Remark, ...]
    """What a cluster would take, and a person should know of."""
    notes: tuple[Remark, ...]
    """What is of the ingress controller, not of the file: the same for every resource behind it."""
    resource: VoiceDeployment | None
    """None where there are errors."""
    rendered: Rendered | None
    """What it becomes; None where there are errors."""
    rules_checked: bool = True
    """False where fields are so wrong that the rules between fields could not be asked."""

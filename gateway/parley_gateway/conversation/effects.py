"""What one event leads to: the commands in their order, and the timers with their generations."""

from __future__ import annotations

from parley_gateway.conversation.commands import CancelTimer, Command, Notify, SetTimer
from parley_gateway.conversation.events import TimerFired
from parley_gateway.conversation.notices import Notice


class Effects:
    """Collects the commands of one `feed`. The regions of a conversation share one."""

    def __init__(self) -> None:
        self.now = 0.0
        """The session's monotonic clock at the event that is being fed, in seconds."""
        self._commands: list[Command] = []
        self._armed: dict[str, int] = {}
        self._generation = 0

    def do(self, command: Command) -> None:
        """Ask the session for something."""
        self._commands.append(command)

    def notify(self, notice: Notice) -> None:
        """Have the client told."""
        self._commands.append(Notify(notice))

    def set_timer(self, name: str, delay_s: float) -> None:
        """Arm a timer; an earlier one of this name is off from now on, even if it has already fired."""
        self._generation += 1
        self._armed[name] = self._generation
        self._commands.append(SetTimer(name, self._generation, delay_s))

    def cancel_timer(self, name: str) -> None:
        """Disarm a timer; nothing if it is not armed."""
        if self._armed.pop(name, None) is not None:
            self._commands.append(CancelTimer(name))

    def cancel_all_timers(self) -> None:
        """Disarm every timer."""
        for name in tuple(self._armed):
            self.cancel_timer(name)

    def fires(self, event: TimerFired) -> bool:
        """Whether this is the timer that is armed, not one that was cancelled or set anew meanwhile."""
        if self._armed.get(event.name) != event.generation:
            return False
        del self._armed[event.name]
        return True

    def take(self) -> list[Command]:
        """The commands so far, which leaves none."""
        commands, self._commands = self._commands, []
        return commands

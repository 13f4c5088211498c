"""The states of one session in three libraries of state machines, each in the way that is kindest to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from automat import MethodicalMachine
from statemachine import State, StateMachine
from transitions import Machine

from sessioncore.core.effects import AnyEffect, NotifySession
from sessioncore.core.events import CloseRequested, JobStarted, SubmitRequested
from sessioncore.core.signals import JobLeftDevice, JobLeftQueue
from sessioncore.core.states import SessionState, StateReason

SHOWN = {
    "S-09.start": (SessionState.ACTIVE, True, None),
    "S-17.active": (SessionState.ACTIVE, False, None),
    "S-19.done": (SessionState.CLOSED, False, StateReason.CLOSED),
}
"""What a notice says, by its row."""

TRIGGERS: dict[type, str] = {
    SubmitRequested: "submit",
    JobStarted: "start",
    JobLeftQueue: "leave",
    JobLeftDevice: "leave",
    CloseRequested: "close",
}


class Counted:
    """What all of them keep: how much work there is, and what has to be told."""

    def __init__(self) -> None:
        self.queued = self.on_device = 0
        self.out: list[AnyEffect] = []

    def notice(self, event: Any, row: str) -> NotifySession:
        """The effect of a row."""
        state, accepting, reason = SHOWN[row]
        return NotifySession(
            at=event.at, session_id="s", state=state, accepting_jobs=accepting, row=row, state_reason=reason
        )

    def count(self, event: Any) -> None:
        """The job of the event moves."""
        kind = event.__class__
        if kind is SubmitRequested:
            self.queued += 1
        elif kind is JobStarted:
            self.queued -= 1
            self.on_device += 1
        elif kind is JobLeftDevice:
            self.on_device -= 1
        elif kind is JobLeftQueue:
            self.queued -= 1

    def work_left(self, *_: Any) -> bool:
        """Whether something is queued or on the device, once the trigger took its own."""
        return bool(self.queued or self.on_device)

    def told_started(self, signal: Any) -> None:
        """S-09."""
        self.out.append(self.notice(signal, "S-09.start"))

    def told_draining(self, signal: Any) -> None:
        """S-17."""
        self.out.append(self.notice(signal, "S-17.active"))

    def told_done(self, signal: Any) -> None:
        """S-19."""
        self.out.append(self.notice(signal, "S-19.done"))

    def taken(self) -> tuple[AnyEffect, ...]:
        """What has to be told since the last time."""
        effects = tuple(self.out)
        self.out.clear()
        return effects


class ByTransitions(Counted):
    """``transitions.Machine``, rows as dicts, triggers called as methods."""

    def __init__(self) -> None:
        super().__init__()
        rows: list[dict[str, Any]] = [
            {"trigger": "submit", "source": ["open", "active"], "dest": None},
            {"trigger": "start", "source": "open", "dest": "active", "after": "told_started"},
            {"trigger": "start", "source": ["active", "draining"], "dest": None},
            {"trigger": "leave", "source": "active", "dest": None},
            {"trigger": "leave", "source": "draining", "dest": None, "conditions": "work_left"},
            {"trigger": "leave", "source": "draining", "dest": "closed", "after": "told_done"},
            {"trigger": "close", "source": "active", "dest": "draining", "after": "told_draining"},
        ]
        states = ["open", "active", "draining", "closed"]
        Machine(model=self, states=states, transitions=rows, initial="open", auto_transitions=False)
        self.triggers: dict[type, Callable[[Any], bool]] = {
            kind: getattr(self, name) for kind, name in TRIGGERS.items()
        }

    def handle(self, event: Any) -> tuple[AnyEffect, ...]:
        """One signal; returns its effects."""
        self.count(event)
        self.triggers[event.__class__](event)
        return self.taken()


class Statechart(StateMachine):
    """The same for ``python-statemachine``, which finds callbacks on its model; the name ``event`` is its own."""

    open = State(initial=True)
    active = State()
    draining = State()
    closed = State(final=True)
    submit = open.to.itself(internal=True) | active.to.itself(internal=True)
    start = (
        open.to(active, on="told_started") | active.to.itself(internal=True) | draining.to.itself(internal=True)
    )
    leave = (
        active.to.itself(internal=True)
        | draining.to.itself(internal=True, cond="work_left")
        | draining.to(closed, unless="work_left", on="told_done")
    )
    close = active.to(draining, on="told_draining")


class ByPythonStatemachine(Counted):
    """``python-statemachine``, triggers called as methods."""

    state: Any = None

    def __init__(self) -> None:
        super().__init__()
        machine = Statechart(self)
        self.triggers: dict[type, Callable[[Any], Any]] = {
            kind: getattr(machine, name) for kind, name in TRIGGERS.items()
        }

    def handle(self, event: Any) -> tuple[AnyEffect, ...]:
        """One signal; returns its effects."""
        self.count(event)
        self.triggers[event.__class__](event)
        return self.taken()


class ByAutomat(Counted):
    """Automat; whether work is left is asked here, since it has no guards."""

    machine = MethodicalMachine()

    @machine.state(initial=True)
    def open(self) -> None:
        """No job has started."""

    @machine.state()
    def active(self) -> None:
        """A job has started."""

    @machine.state()
    def draining(self) -> None:
        """No new jobs."""

    @machine.state()
    def closed(self) -> None:
        """Nothing more."""

    @machine.input()
    def submit(self, event: Any) -> None:
        """S-05."""

    @machine.input()
    def start(self, event: Any) -> None:
        """S-09."""

    @machine.input()
    def leave(self, event: Any) -> None:
        """J-01, J-02; work is left."""

    @machine.input()
    def leave_last(self, event: Any) -> None:
        """J-01, J-02; no work is left."""

    @machine.input()
    def close(self, event: Any) -> None:
        """S-17."""

    @machine.output()
    def say_started(self, event: Any) -> None:
        """S-09."""
        self.told_started(event)

    @machine.output()
    def say_draining(self, event: Any) -> None:
        """S-17."""
        self.told_draining(event)

    @machine.output()
    def say_done(self, event: Any) -> None:
        """S-19."""
        self.told_done(event)

    open.upon(submit, enter=open, outputs=[])
    open.upon(start, enter=active, outputs=[say_started])
    active.upon(submit, enter=active, outputs=[])
    active.upon(start, enter=active, outputs=[])
    active.upon(leave, enter=active, outputs=[])
    active.upon(leave_last, enter=active, outputs=[])
    active.upon(close, enter=draining, outputs=[say_draining])
    draining.upon(start, enter=draining, outputs=[])
    draining.upon(leave, enter=draining, outputs=[])
    draining.upon(leave_last, enter=closed, outputs=[say_done])

    def handle(self, event: Any) -> tuple[AnyEffect, ...]:
        """One signal; returns its effects."""
        self.count(event)
        name = TRIGGERS[event.__class__]
        if name == "leave" and not self.work_left():
            name = "leave_last"
        getattr(self, name)(event)
        return self.taken()

"""A second statement of the rules: one session, or one device with its workloads, as naive as it can be.

Written from the numbered rules alone and sharing nothing with the core but events and profiles: no charts, no
heaps, no counters; every question is answered by looking at every job and every session. It is slow and easy to
read, and the tests compare the core with it after every step.

Time law: :meth:`Reference.advance` before :meth:`Reference.apply`, as for the core (T-03). What it refuses, it
refuses with :class:`Refused`, which names the rule.
"""

from __future__ import annotations

from fractions import Fraction

from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    OfflineRequested,
    OpenRequested,
    Parameters,
    PauseRequested,
    Policy,
    Profile,
    ResumeRequested,
    SubmitRequested,
)

SESSION_CLOSED = 1217
RAN_TOO_LONG = 1305
FINAL = ("completed", "failed", "cancelled")
ON_DEVICE = ("running", "cancelling")


class Refused(Exception):
    """The rules forbid it; ``rule`` is the id of the rule, ``host`` whether the host is to blame."""

    def __init__(self, rule: str, *, host: bool = False) -> None:
        super().__init__(rule)
        self.rule = rule
        self.host = host


class RefJob:
    """One job; ``number`` is its place in the order of submission."""

    def __init__(self, event: SubmitRequested, number: int, instance: str, limit: int | None) -> None:
        self.id = event.job_id
        self.session_id = event.session_id
        self.number = number
        self.instance = instance
        self.limit = limit
        self.status = "queued"
        self.started: int | None = None
        self.ended: int | None = None
        self.code: int | None = None

    def copy(self) -> RefJob:
        """An independent copy."""
        new = RefJob.__new__(RefJob)
        new.__dict__.update(self.__dict__)
        return new


class RefSession:
    """One session; ``windows`` are its active windows, each [from, to], the last one perhaps still open (U-01)."""

    def __init__(self, event: OpenRequested, number: int, parameters: Parameters, max_ttl: int | None) -> None:
        interactive = parameters.interactive_ttl
        if interactive is not None and max_ttl is not None:
            interactive = min(interactive, max_ttl)
        self.id = event.session_id
        self.number = number
        self.instance = event.instance
        self.parameters = parameters
        self.max_ttl = max_ttl
        self.interactive = interactive
        self.state = "open"
        self.accepting = True
        self.created: int = event.at
        self.started: int | None = None
        self.activated: int | None = None
        self.closed: int | None = None
        self.reason: str | None = None
        self.last_started: int | None = None
        self.last_completed: int | None = None
        self.last_submission: int | None = None
        self.ran_out: int = event.at
        self.windows: tuple[tuple[int, int | None], ...] = ()

    def copy(self) -> RefSession:
        """An independent copy."""
        new = RefSession.__new__(RefSession)
        new.__dict__.update(self.__dict__)
        return new

    def open_window(self, at: int) -> None:
        """U-01: an active window begins."""
        self.windows += ((at, None),)

    def end_window(self, at: int) -> None:
        """U-01: the active window ends, if one is open."""
        if self.windows and self.windows[-1][1] is None:
            self.windows = (*self.windows[:-1], (self.windows[-1][0], at))


class Reference:
    """``lanes`` None stands for a session alone, whose host starts its jobs; a number for a device."""

    def __init__(
        self,
        profile: Profile,
        *,
        now: int = 0,
        lanes: int | None = None,
        policy: Policy | None = None,
        window: int = 28 * 24 * 3600 * 1_000_000,
    ) -> None:
        self.profile = profile
        self.now = now
        self.lanes = lanes
        self.policy = policy or Policy()
        self.window = window
        self.online = True
        self.jobs: dict[str, RefJob] = {}
        self.sessions: dict[str, RefSession] = {}
        self.activated_order: list[str] = []
        self.starts: list[tuple[int, str]] = []
        self.stops: list[tuple[int, str]] = []
        self.notices: list[tuple[int, str, str, bool]] = []

    def copy(self) -> Reference:
        """An independent copy."""
        new = Reference.__new__(Reference)
        new.__dict__.update(self.__dict__)
        new.jobs = {name: job.copy() for name, job in self.jobs.items()}
        new.sessions = {name: session.copy() for name, session in self.sessions.items()}
        new.activated_order = list(self.activated_order)
        new.starts = list(self.starts)
        new.stops = list(self.stops)
        new.notices = list(self.notices)
        return new

    def tell(self, session: RefSession, at: int) -> None:
        """Its state or its accepting changed."""
        self.notices.append((at, session.id, session.state, session.accepting))

    # --- questions -----------------------------------------------------------------------------------------

    def of(self, session: RefSession, *statuses: str) -> list[RefJob]:
        """The session's jobs that have one of these statuses, oldest first."""
        return [job for job in self.jobs.values() if job.session_id == session.id and job.status in statuses]

    def work(self, session: RefSession) -> int:
        """Its queued jobs and its jobs on the device."""
        return len(self.of(session, "queued", *ON_DEVICE))

    def pieces(self, session: RefSession) -> list[tuple[int, int | None]]:
        """The stretches of time that are its usage: U-01 or U-02."""
        if session.parameters.usage == "windows":
            return list(session.windows)
        return [
            (job.started, job.ended)
            for job in self.jobs.values()
            if job.session_id == session.id and job.started is not None
        ]

    def usage(self, session: RefSession, at: int) -> int:
        """Its usage up to ``at``."""
        return covered(self.pieces(session), None, at)

    def instance_usage(self, instance: str, at: int) -> int:
        """D-03: everything the instance used in the rolling window that ends at ``at``."""
        pieces: list[tuple[int, int | None]] = []
        for session in self.sessions.values():
            if session.instance == instance:
                pieces += self.pieces(session)
        for job in self.jobs.values():
            if job.session_id is None and job.instance == instance and job.started is not None:
                pieces.append((job.started, job.ended))
        return covered(pieces, at - self.window, at)

    def in_time(self, session: RefSession, at: int) -> bool:
        """S-15, S-25: whether a job of it may still start at ``at``."""
        if session.started is not None and session.max_ttl is not None and at >= session.started + session.max_ttl:
            return False
        limit = session.parameters.usage_limit
        return limit is None or self.usage(session, at) < limit

    # --- timers --------------------------------------------------------------------------------------------

    def timers(self) -> list[tuple[int, int, int, str]]:
        """Everything armed, as (due, rank, number, id): their order is that of T-02."""
        found = []
        for session in self.sessions.values():
            found += [(due, rank, session.number, session.id) for due, rank in self.session_timers(session)]
        for job in self.jobs.values():
            if job.status == "running" and job.limit is not None and job.started is not None:
                found.append((job.started + job.limit, 4, job.number, job.id))
        return sorted(found)

    def session_timers(self, session: RefSession) -> list[tuple[int, int]]:
        """The armed timers of one session, as (due, rank)."""
        if session.state == "closed":
            return []
        parameters = session.parameters
        found = []
        if session.started is not None and session.max_ttl is not None:
            found.append((session.started + session.max_ttl, 0))
        limit = parameters.usage_limit
        if limit is not None:
            used = self.usage(session, self.now)
            rate = self.usage(session, self.now + 1) - used
            if used >= limit:
                found.append((self.now, 1))
            elif rate:
                found.append((self.now + -(-(limit - used) // rate), 1))
        if not session.accepting or self.work(session):
            return found
        if session.state == "active" and session.interactive is not None and parameters.idle_action != "none":
            due = session.ran_out + session.interactive
            if parameters.idle_from == "last_submission" and session.last_submission is not None:
                due = max(session.ran_out, session.last_submission + session.interactive)
            found.append((due, 2))
        if session.state == "open" and parameters.no_submission is not None:
            found.append((session.ran_out + parameters.no_submission, 3))
        return found

    def next_deadline(self) -> int | None:
        """When the next timer is due."""
        return min((timer[0] for timer in self.timers()), default=None)

    def advance(self, now: int) -> None:
        """T-02: fire what is due by ``now``, one by one, each at its deadline."""
        while (timers := self.timers()) and timers[0][0] <= now:
            due, rank, _, name = timers[0]
            self.now = due
            self.fire(rank, name, due)
            self.dispatch(due)
        self.now = max(self.now, now)

    def fire(self, rank: int, name: str, at: int) -> None:
        """One timer takes effect."""
        if rank == 4:
            self.overrun(self.jobs[name], at)
            return
        session = self.sessions[name]
        if rank == 2 and session.parameters.idle_action == "deactivate":
            session.state = "inactive"
            session.end_window(at)
            self.activated_order.remove(session.id)
            self.tell(session, at)
            return
        self.end(session, ("max_ttl", "usage_limit", "interactive_ttl", "no_submission")[rank], at)

    # --- events --------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """One request or report, then what follows from it (T-05). Raises :class:`Refused`."""
        at = event.at
        match event:
            case OpenRequested():
                self.open(event)
            case SubmitRequested():
                self.submit(event)
            case CloseRequested():
                self.close(self.known(event.session_id), at)
            case CancelRequested():
                session = self.known(event.session_id)
                if session.state != "closed":
                    self.end(session, "cancelled", at)
            case JobCancelRequested():
                self.cancel_job(event.job_id, at)
            case PauseRequested() | OfflineRequested():
                self.online = False
            case ResumeRequested():
                self.online = True
            case JobStarted():
                self.started(event.job_id, at)
            case JobSucceeded() | JobFailed() | JobReleased():
                self.report(event, at)
            case _:
                raise AssertionError(f"the reference does not know {event!r}")
        self.now = at
        self.dispatch(at)

    def known(self, session_id: str) -> RefSession:
        """J-09."""
        session = self.sessions.get(session_id)
        if session is None:
            raise Refused("J-09")
        return session

    def open(self, event: OpenRequested) -> None:
        """S-01 to S-03."""
        if event.session_id in self.sessions:
            raise Refused("J-09", host=True)
        parameters = self.profile.half(event.mode)
        ceiling = parameters.max_ttl
        asked = ceiling if event.max_ttl is None else event.max_ttl
        if asked is not None and (asked <= 0 or (ceiling is not None and asked > ceiling)):
            raise Refused("S-02")
        session = RefSession(event, len(self.sessions), parameters, asked)
        self.sessions[session.id] = session
        if parameters.start_event == "create":
            self.activate(session, event.at)
        self.tell(session, event.at)

    def activate(self, session: RefSession, at: int) -> None:
        """S-09, S-11: the session is active from ``at`` on."""
        session.state = "active"
        session.activated = at
        if session.started is None:
            session.started = at
        session.open_window(at)
        self.activated_order.append(session.id)

    def submit(self, event: SubmitRequested) -> None:
        """S-05 to S-08, S-25."""
        if event.job_id in self.jobs:
            raise Refused("J-09", host=True)
        session = None if event.session_id is None else self.known(event.session_id)
        asked = event.max_execution
        if session is not None and not session.accepting:
            raise Refused("S-06")
        if asked is not None and asked <= 0:
            raise Refused("S-07")
        if session is not None and asked is not None and session.max_ttl is not None and asked > session.max_ttl:
            raise Refused("S-07")
        parameters = self.profile.dedicated if session is None else session.parameters
        limits = [length for length in (asked, parameters.execution_limit) if length is not None]
        instance = event.instance if session is None else session.instance
        self.jobs[event.job_id] = RefJob(event, len(self.jobs), instance, min(limits, default=None))
        if session is not None:
            session.last_submission = event.at
            accepted = sum(job.session_id == session.id for job in self.jobs.values())
            if parameters.job_limit is not None and accepted >= parameters.job_limit:
                session.accepting = False
                self.tell(session, event.at)

    def close(self, session: RefSession, at: int) -> None:
        """S-17, S-18, S-21."""
        if not session.accepting:
            return
        session.accepting = False
        if self.work(session):
            self.tell(session, at)
        else:
            self.end(session, "closed", at)

    def cancel_job(self, job_id: str, at: int) -> None:
        """J-02 to J-04."""
        job = self.jobs.get(job_id)
        if job is None:
            raise Refused("J-09")
        if job.status == "queued":
            job.status, job.ended = "cancelled", at
            self.after_work(job, at)
        elif job.status == "running":
            job.status = "cancelling"
            self.stops.append((at, job.id))
        else:
            raise Refused("J-04")

    def started(self, job_id: str, at: int) -> None:
        """The host of a session alone started a job."""
        job = self.jobs.get(job_id)
        if job is None or job.status != "queued":
            return
        session = self.sessions[job.session_id or ""]
        if not self.in_time(session, at):
            raise Refused("S-15", host=True)
        self.start(job, at)

    def report(self, event: JobSucceeded | JobFailed | JobReleased, at: int) -> None:
        """J-01, J-03, J-06."""
        job = self.jobs.get(event.job_id)
        if job is None or job.status not in ON_DEVICE:
            return
        if job.status == "cancelling":
            job.status = "cancelled"
        elif isinstance(event, JobSucceeded):
            job.status = "completed"
        else:
            job.status = "failed"
            job.code = event.reason_code if isinstance(event, JobFailed) else None
        job.ended = at
        session = self.sessions.get(job.session_id or "")
        if session is None:
            return
        session.last_completed = at
        if session.state == "closed":
            if not self.of(session, *ON_DEVICE):
                session.end_window(at)
        elif job.status == "failed" and session.parameters.failure_policy == "abort":
            self.end(session, "job_failed", at)
        else:
            self.after_work(job, at)

    def after_work(self, job: RefJob, at: int) -> None:
        """A job of a live session ended: S-13 and S-16 count from here, S-19 may close."""
        session = self.sessions.get(job.session_id or "")
        if session is None or self.work(session):
            return
        session.ran_out = at
        if not session.accepting:
            self.end(session, "closed", at)

    def overrun(self, job: RefJob, at: int) -> None:
        """J-05, S-24."""
        job.status, job.code = "cancelling", RAN_TOO_LONG
        self.stops.append((at, job.id))
        session = self.sessions.get(job.session_id or "")
        if session is not None and session.state != "closed" and session.parameters.failure_policy == "abort":
            self.end(session, "job_failed", at)

    def end(self, session: RefSession, reason: str, at: int) -> None:
        """S-15, S-18 to S-20, S-22, S-23."""
        session.state, session.accepting, session.closed, session.reason = "closed", False, at, reason
        self.tell(session, at)
        if session.id in self.activated_order:
            self.activated_order.remove(session.id)
        for job in self.of(session, "queued"):
            job.status = "failed" if session.parameters.queued_at_end == "fail" else "cancelled"
            job.ended, job.code = at, SESSION_CLOSED
        if session.parameters.on_device_at_end == "stop":
            for job in self.of(session, "running"):
                job.status, job.code = "cancelling", SESSION_CLOSED
                self.stops.append((at, job.id))
        if not self.of(session, *ON_DEVICE):
            session.end_window(at)

    # --- dispatch ------------------------------------------------------------------------------------------

    def dispatch(self, at: int) -> None:
        """T-05: start whatever may start, in D-03's order."""
        while (job := self.next_to_start(at)) is not None:
            self.start(job, at)
            self.starts.append((at, job.id))

    def start(self, job: RefJob, at: int) -> None:
        """S-09, S-11, S-12."""
        job.status, job.started = "running", at
        session = self.sessions.get(job.session_id or "")
        if session is not None:
            session.last_started = at
            if session.state != "active":
                self.activate(session, at)
                self.tell(session, at)

    def next_to_start(self, at: int) -> RefJob | None:
        """The head of D-03's order, if it may start now; nobody overtakes it if it may not."""
        if self.lanes is None or not self.online:
            return None
        holder = self.holder()
        placed = [job for job in self.jobs.values() if job.status == "queued" and self.has_place(job, holder, at)]
        if not placed:
            return None
        head = min(placed, key=lambda job: self.rank(job, at))
        on_device = [job for job in self.jobs.values() if job.status in ON_DEVICE]
        if len(on_device) >= self.lanes:
            return None
        session = self.sessions.get(head.session_id or "")
        foreign = [job for job in on_device if session is None or job.session_id != session.id]
        if session is not None and session.parameters.exclusive == "yes" and foreign:
            return None
        return head

    def holder(self) -> str | None:
        """D-01: the exclusive session that is active, and of several the one that was first."""
        for name in self.activated_order:
            if self.sessions[name].parameters.exclusive == "yes":
                return name
        return None

    def has_place(self, job: RefJob, holder: str | None, at: int) -> bool:
        """Whether D-01, S-15 and S-25 let it take a place in the order."""
        if holder is not None and job.session_id != holder:
            return False
        return job.session_id is None or self.in_time(self.sessions[job.session_id], at)

    def rank(self, job: RefJob, at: int) -> tuple[int, Fraction, int]:
        """D-03: active sessions, then the share of the instance, then the order of submission."""
        session = self.sessions.get(job.session_id or "")
        if session is not None and session.state == "active":
            return (0, Fraction(0), job.number)
        if self.policy.name == "fifo":
            return (1, Fraction(0), job.number)
        share = dict(self.policy.allocations).get(job.instance, 1)
        return (1, Fraction(self.instance_usage(job.instance, at), share), job.number)


def covered(pieces: list[tuple[int, int | None]], since: int | None, until: int) -> int:
    """How much of the time from ``since`` to ``until`` the pieces cover, counted once for each piece."""
    total = 0
    for begun, ended in pieces:
        first = begun if since is None else max(begun, since)
        last = until if ended is None else min(ended, until)
        total += max(0, last - first)
    return total

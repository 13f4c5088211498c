"""What the service around the core refuses (S-02, S-04, J-09, and its own limits), in one place (V-03).

A row that begins with ``host.`` is a bound of this host and not a rule of sessions.
"""

from __future__ import annotations

from sessioncore.core.errors import ClientError

VALIDATION_FAILED = 1208
JOB_NOT_FOUND = 1291
SESSION_NOT_FOUND = 1290
NO_SESSIONS_ON_PLAN = 1352
TOO_MANY_JOBS = 3458
TEMPORARY = 9707
"""The vendor's numbers (ibm-rest 3.2); 1290 and 1291 are free choices, the vendor documents none."""

HOST = "host"
"""The ``rule`` of refusals that no rule of sessions asks for."""


def no_session(session_id: str) -> ClientError:
    """J-09. The same for a session that does not exist and for one of somebody else."""
    return ClientError(
        f"Session {session_id!r} not found.",
        rule="J-09",
        row="J-09.session",
        code=SESSION_NOT_FOUND,
        http_status=404,
        remedy="Check the session id and the instance; list your sessions to see which there are.",
    )


def no_job(job_id: str) -> ClientError:
    """J-09. The same for a job that does not exist and for one of somebody else."""
    return ClientError(
        f"Job {job_id!r} not found.",
        rule="J-09",
        row="J-09.job",
        code=JOB_NOT_FOUND,
        http_status=404,
        remedy="Check the job id and the instance; list your jobs to see which there are.",
    )


def no_device(name: str, known: list[str], *, http_status: int) -> ClientError:
    """S-02. 404 where the device is the address, 400 where it is a field of a request."""
    return ClientError(
        f"Backend {name!r} not found.",
        rule="S-02",
        row="S-02.device",
        code=VALIDATION_FAILED,
        http_status=http_status,
        remedy=f"Use one of: {', '.join(known)}.",
    )


def no_program(program_id: str, device: str, known: list[str]) -> ClientError:
    """A program that the device does not run. 400: the stock client reads 404 as something else."""
    return ClientError(
        f"Program {program_id!r} is not available on {device}.",
        rule=HOST,
        row="host.program",
        code=VALIDATION_FAILED,
        http_status=400,
        remedy=f"Use one of: {', '.join(known)}.",
    )


def wrong_device(session_id: str, theirs: str, asked: str) -> ClientError:
    """A job for one device in the session of another."""
    return ClientError(
        f"Session {session_id!r} is on backend {theirs!r}, the job asks for {asked!r}.",
        rule="S-05",
        row="S-05.device",
        code=VALIDATION_FAILED,
        http_status=400,
        remedy=f"Submit the job to {theirs!r}, or open a session on {asked!r}.",
    )


def plan_has_no_sessions() -> ClientError:
    """S-04, as the service does it today."""
    return ClientError(
        "You are not authorized to run a session when using the open plan.",
        rule="S-04",
        row="S-04.reject",
        code=NO_SESSIONS_ON_PLAN,
        http_status=400,
        remedy="Use job mode or batch elsewhere, or an instance whose plan has sessions.",
    )


def no_operational_device() -> ClientError:
    """D-06, with nothing to choose from."""
    return ClientError(
        "No backend is operational.",
        rule="D-06",
        row="D-06.none",
        code=VALIDATION_FAILED,
        http_status=404,
        remedy="Wait until a device is online again; list the devices to see their states.",
    )


def invalid(what: str, remedy: str, *, row: str) -> ClientError:
    """A field of a request that makes no sense."""
    return ClientError(
        what,
        rule=HOST,
        row=row,
        code=VALIDATION_FAILED,
        http_status=400,
        remedy=remedy,
    )


def full(what: str, limit: int, remedy: str, *, row: str) -> ClientError:
    """A bound of this host; nothing was accepted. 429, which the stock client does not retry."""
    return ClientError(
        f"{what}: the limit is {limit}.",
        rule=HOST,
        row=row,
        code=TOO_MANY_JOBS,
        http_status=429,
        remedy=remedy,
    )


def queue_full(device: str, limit: int) -> ClientError:
    """As the vendor's service says it (ibm-rest 3.2)."""
    return ClientError(
        f"Too many concurrent jobs on {device}: the limit is {limit}.",
        rule=HOST,
        row="host.queued-max",
        code=TOO_MANY_JOBS,
        http_status=400,
        remedy="Wait until some of them have ended, or cancel some.",
    )


def unavailable(why: str, remedy: str, *, row: str) -> ClientError:
    """503, always before anything was accepted, so that a client may safely try again."""
    return ClientError(
        why,
        rule=HOST,
        row=row,
        code=TEMPORARY,
        http_status=503,
        remedy=remedy,
    )

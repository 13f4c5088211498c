"""Whether a submission would be taken: everything that can be said against one, in the order in which it is said.

S-06 comes before every other reason, then what is unknown, then S-07, then the host's own limits. Nothing here changes
anything: the rules of sessions are asked of the core's pure step.
"""

from __future__ import annotations

from sessioncore.core.errors import ClientError
from sessioncore.core.events import SubmitRequested
from sessioncore.core.job import job_row
from sessioncore.core.step import step

from .device import Device
from .ledger import Ledger, tags_bytes
from .loop import Loop
from .refusals import (
    full,
    invalid,
    no_device,
    no_program,
    no_session,
    queue_full,
    unavailable,
    wrong_device,
)
from .values import Caller, HostLimits, JobRequest

KEPT_FOR_ENDS = 8
"""The last eighth of the journal takes no new work, only what brings accepted work to its end."""

KEPT_FOR_REPORTS = 16
"""The last sixteenth takes no requests at all, only reports and timers."""


def admit(loop: Loop, limits: HostLimits, who: Caller, request: JobRequest, at: int) -> Device:
    """The device that would take the job. Raises :class:`ClientError`. Within a turn, at its time."""
    check_types(request)
    refused = _rules_against(loop, who, request, at)
    if refused is not None and refused.rule == "S-06":
        raise refused
    device = loop.devices.get(request.backend)
    if request.session_id is not None:
        session = loop.ledger.session_of(who.instance, request.session_id)
        if session is None:
            raise no_session(request.session_id)
        if session.device != request.backend and device is not None:
            raise wrong_device(session.id, session.device, request.backend)
    if device is None:
        raise no_device(request.backend, list(loop.devices), http_status=400)
    programs = device.backend.programs
    if request.program_id not in programs:
        raise no_program(request.program_id, device.name, sorted(programs))
    if refused is not None:
        raise refused
    loop.require_writable()
    if (failure := device.failure) is not None:
        raise unavailable(
            f"The device {device.name} cannot run anything any more: {failure}",
            "Ask the operator to restart the service; nothing was accepted.",
            row="host.device-failed",
        )
    _check_limits(loop.ledger, limits, request, device)
    check_journal(loop, limits)
    return device


def _rules_against(loop: Loop, who: Caller, request: JobRequest, at: int) -> ClientError | None:
    """What the core would refuse the submission with (S-06, S-07), asked without handing it in."""
    event = SubmitRequested(at=at, job_id="", session_id=request.session_id, max_execution=request.max_execution)
    try:
        if request.session_id is not None:
            known = loop.ledger.session_of(who.instance, request.session_id)
            if known is None:
                return None
            core = loop.devices[known.device].core
            session = core.session(known.id)
            if session is not None:
                step(session, event, core.story(known.id))
        job_row(None, event)
    except ClientError as error:
        return error
    return None


def check_types(request: JobRequest) -> None:
    """Refuse what is not even of the right kind, so that the core is never asked nonsense."""
    length = request.max_execution
    if length is not None and type(length) is not int:
        raise invalid(
            f"max_execution must be a whole number of microseconds, not {length!r}.",
            "Give a whole number, or none.",
            row="S-07.type",
        )
    if not isinstance(request.params, bytes):
        raise invalid("params must be bytes of JSON.", "Encode them first.", row="host.params")


def check_tags(tags: tuple[str, ...], limits: HostLimits) -> None:
    """J-07: any number of tags, within reason."""
    if not all(isinstance(tag, str) for tag in tags):
        raise invalid("Every tag must be a text.", "Send texts.", row="J-07.tags")
    if len(tags) > limits.tags_max or any(len(tag) > limits.tag_chars_max for tag in tags):
        raise invalid(
            "Too many tags, or too long ones.",
            f"Use at most {limits.tags_max} tags of at most {limits.tag_chars_max} characters.",
            row="J-07.tags",
        )


def check_bytes(ledger: Ledger, limits: HostLimits, size: int) -> None:
    """Refuse what would need so many bytes more than this host keeps."""
    if ledger.stored_bytes + size > limits.stored_bytes_max:
        raise full(
            "Too many bytes are kept",
            limits.stored_bytes_max,
            "Delete jobs that you need no more.",
            row="host.stored-bytes-max",
        )


def _check_limits(ledger: Ledger, limits: HostLimits, request: JobRequest, device: Device) -> None:
    check_tags(request.tags, limits)
    size = len(request.params)
    if size > limits.payload_bytes_max:
        raise invalid(
            f"The payload has {size} bytes; the limit is {limits.payload_bytes_max}.",
            "Send fewer or smaller circuits in one job.",
            row="host.payload-bytes-max",
        )
    if ledger.queued[device.name] >= limits.queued_max:
        raise queue_full(device.name, limits.queued_max)
    if len(ledger.jobs) >= limits.jobs_max:
        raise full(
            "Too many jobs are kept",
            limits.jobs_max,
            "Delete jobs that you need no more.",
            row="host.jobs-max",
        )
    check_bytes(ledger, limits, size + tags_bytes(request.tags))


def check_journal(loop: Loop, limits: HostLimits, kept: int = KEPT_FOR_ENDS) -> None:
    """Refuse what would use up the part of the journal (one in ``kept``) that is kept for something else."""
    if loop.records >= limits.journal_max - limits.journal_max // kept:
        raise full(
            "The journal is nearly full",
            limits.journal_max,
            "Ask the operator to restart the service, or to give it a store of another kind.",
            row="host.journal-max",
        )

"""Refusals of the transport itself, and the vendor's error body (ibm-rest 3, V-03)."""

from __future__ import annotations

import uuid

import orjson

from sessioncore.core.errors import ClientError

BODY_INVALID = 1208
"""The vendor's number for a request body that fails validation (ibm-rest 3.2)."""

# The vendor publishes no numbers for these; they are ours, and end like the HTTP status they come with.
NOT_AUTHORIZED = 1401
FORBIDDEN = 1403
NOT_FOUND = 1404
METHOD_NOT_ALLOWED = 1405
TIMED_OUT = 1408
TOO_LARGE = 1413
NOT_READABLE = 1415
HEADERS_TOO_LARGE = 1431
KEY_REUSED = 1422
FAULT = 1500
OVERLOADED = 1503

MORE_INFO = "https://quantum.cloud.ibm.com/docs/errors"
SHOWN_LENGTH_MAX = 80


def refuse(
    message: str,
    remedy: str,
    *,
    status: int = 400,
    code: int = BODY_INVALID,
    rule: str = "V-03",
    row: str = "V-03.request",
) -> ClientError:
    """A refusal to raise: what is wrong with a request, before any session or job was asked about it."""
    return ClientError(message, rule=rule, row=row, code=code, http_status=status, remedy=remedy)


def with_status(error: ClientError, status: int) -> ClientError:
    """The same refusal under another HTTP status."""
    return ClientError(
        error.message,
        rule=error.rule,
        row=error.row,
        code=error.code,
        http_status=status,
        remedy=error.remedy,
        state=error.state,
        story=error.story,
    )


def shown(given: object) -> str:
    """What a client sent, short enough to be repeated in a message."""
    text = repr(given)
    return text if len(text) <= SHOWN_LENGTH_MAX else text[: SHOWN_LENGTH_MAX - 3] + "..."


def error_dict(error: ClientError) -> dict[str, object]:
    """The vendor's error object: the sentence with rule, state and story, and beside it what to do."""
    told = str(error).removesuffix(error.remedy).rstrip()
    return {
        "code": error.code,
        "message": told,
        "solution": error.remedy,
        "more_info": MORE_INFO,
    }


def error_body(error: ClientError, trace: str | None = None) -> bytes:
    """The vendor's error body as compact JSON, so that programs find ``"code":1217`` in it (ibm-rest 3)."""
    return orjson.dumps({"errors": [error_dict(error)], "trace": trace or str(uuid.uuid4())})


def fault_body(trace: str) -> bytes:
    """The body for a fault of ours: no traceback, and the id under which the log has one."""
    return error_body(
        refuse(
            "The service made an error while answering.",
            f"Report it with the trace id {trace}, which the service's log has too.",
            status=500,
            code=FAULT,
            row="V-03.fault",
        ),
        trace,
    )

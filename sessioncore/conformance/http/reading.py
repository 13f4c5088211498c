"""The vendor's JSON as what a client sees: seconds and ISO timestamps become microseconds, words stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sessioncore.core.durations import SECOND

from ..protocol import UNSEEN, JobView, Rejected, SessionView
from ..results import Kind
from ..running import FellShort
from .exchange import SHOWN, Answer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PUBLISHED = frozenset({1217, 1208, 1352})
"""The numbers of refusals that the vendor has published; any other is the service's own choice (ibm-rest 3.2)."""

STATUSES = ("queued", "running", "completed", "cancelled", "failed")

_AS_SHOWN = {"pending_inactive": "active", "pending_closed": "active"}
"""States that the stock client knows and reads as an active session (V-01)."""


def nonsense(what: str, seen: Any) -> FellShort:
    """What to raise for an answer that is none."""
    return FellShort(Kind.NONSENSE, f"{what}: {seen!r:.{SHOWN}}")


def object_of(answer: Answer, what: str) -> Mapping[str, Any]:
    """The JSON object of an answer. Raises :class:`FellShort` where there is none."""
    if not isinstance(answer.body, dict):
        raise nonsense(f"{what} is no JSON object", answer.text)
    return answer.body


def text_of(body: Mapping[str, Any], name: str, what: str) -> str:
    """A field that must be a text with something in it."""
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise nonsense(f"{what} has no {name}", dict(body))
    return found


def instant(body: Mapping[str, Any], name: str, what: str) -> int | None:
    """A timestamp in microseconds since the epoch; None where it is null or left out, as the stock client reads it."""
    found = body.get(name)
    if found is None:
        return None
    if not isinstance(found, str):
        raise nonsense(f"{name} of {what} is no timestamp", found)
    try:
        read = datetime.fromisoformat(found)
    except ValueError:
        raise nonsense(f"{name} of {what} is no timestamp", found) from None
    if read.tzinfo is None:
        raise nonsense(f"{name} of {what} does not say its time zone", found)
    return (read - EPOCH) // timedelta(microseconds=1)


def length(body: Mapping[str, Any], name: str, what: str) -> Any:
    """A number of seconds in microseconds; UNSEEN where it is null or left out."""
    found = body.get(name)
    if found is None:
        return UNSEEN
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) < 1e12:
        raise nonsense(f"{name} of {what} is no number of seconds", found)
    return round(found * SECOND)


def session_of(answer: Answer, session_id: str) -> SessionView:
    """One session. ``state`` and ``accepting_jobs`` must be there: the stock client cannot do without."""
    what = f"session {session_id}"
    body = object_of(answer, what)
    if body.get("id", session_id) != session_id:
        raise nonsense(f"{what} is shown with another id", body.get("id"))
    state, accepting = text_of(body, "state", what), body.get("accepting_jobs")
    if not isinstance(accepting, bool):
        raise nonsense(f"accepting_jobs of {what} is neither true nor false", accepting)
    reason = body.get("state_reason", UNSEEN)
    return SessionView(
        id=session_id,
        state=_AS_SHOWN.get(state, state),
        accepting_jobs=accepting,
        status=status_text(state, accepting),
        mode=text_of(body, "mode", what) if "mode" in body else UNSEEN,
        state_reason=reason,
        max_time=length(body, "max_ttl", what),
        interactive_timeout=length(body, "interactive_ttl", what),
        active_timeout=length(body, "active_ttl", what),
        usage_time=length(body, "elapsed_time", what),
        created_at=instant(body, "created_at", what) if "created_at" in body else UNSEEN,
        started_at=instant(body, "started_at", what),
        activated_at=instant(body, "activated_at", what),
        closed_at=instant(body, "closed_at", what),
        last_job_started=instant(body, "last_job_started", what),
        last_job_completed=instant(body, "last_job_completed", what),
    )


def status_text(state: str, accepting: bool) -> str:
    """What the stock client makes of a state (ibm-rest 6)."""
    if state in ("open", "inactive"):
        return "Pending"
    if state == "pending_inactive" or (state == "active" and accepting):
        return "In progress, accepting new jobs"
    if state in ("active", "pending_closed"):
        return "In progress, not accepting new jobs"
    return state.capitalize()


def job_of(body: Any, what: str) -> JobView:
    """One job of a list or alone. Its words are read as the stock client reads them: in any case."""
    if not isinstance(body, dict):
        raise nonsense(f"{what} is no JSON object", body)
    job_id = text_of(body, "id", what)
    state = body.get("state")
    shown = state if isinstance(state, dict) else body
    word = text_of(shown, "status", what).partition(" - ")[0].lower()
    if word not in STATUSES:
        raise nonsense(f"the status of {what} is not one of {', '.join(STATUSES)}", shown["status"])
    code = shown.get("reason_code", shown.get("reasonCode"))
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    return JobView(id=job_id, status=word, reason_code=code if isinstance(code, int) else UNSEEN)


def refusal_of(answer: Answer, *, exact: bool = False, status: bool = True) -> Rejected:
    """A refusal. ``exact``: its number is published, so a missing one counts as wrong; else only published numbers
    are told. ``status``: the HTTP status is published."""
    code, message = _code(answer.body)
    if not exact and code not in PUBLISHED:
        code = None
    elif exact and code is None:
        code = 0
    return Rejected(
        code=code,
        http_status=answer.status if status else None,
        message=message or answer.text[:SHOWN],
    )


def _code(body: Any) -> tuple[int | None, str]:
    """Number and text of the vendor's error body, in the form of today or in the old one (ibm-rest 3)."""
    if not isinstance(body, dict):
        return None, ""
    errors = body.get("errors")
    found = errors[0] if isinstance(errors, list) and errors else body.get("error")
    if not isinstance(found, dict):
        return None, ""
    code = found.get("code")
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    return code if isinstance(code, int) else None, str(found.get("message", ""))

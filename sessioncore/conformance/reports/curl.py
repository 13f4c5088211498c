"""A finding as a shell script: the requests of its trace in the vendor's dialect, one ``curl`` each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from shlex import quote
from typing import Final

from sessioncore.conformance.http.payloads import SHORT, TWENTY_TIMES, sampler
from sessioncore.conformance.results import Finding
from sessioncore.core.durations import SECOND
from sessioncore.core.events import (
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
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)

from . import words
from .reproduce import title

_HEAD: Final = r"""#!/bin/sh
{title}
{what}
# Settings, all from the environment:
BASE=${{BASE:-{base}}}
TOKEN=${{TOKEN:-any}}        # an API key; behind a gateway, whatever it asks for
CRN=${{CRN:-}}               # the instance that asks
DEVICE=${{DEVICE:-}}         # the device; without it the first one that the service lists
CONTROL=${{CONTROL:-$BASE/_sessioncore}}   # moves a virtual clock; where there is none, the script waits
PROGRAM=${{PROGRAM:-sampler}}
# The params of a job that ends by itself at once, of one that fails, and of one that runs until it is cancelled:
SHORT_JOB=${{SHORT_JOB:-'{short}'}}
FAILING_JOB=${{FAILING_JOB:-$SHORT_JOB}}
LONG_JOB=${{LONG_JOB:-'{long}'}}

call() {{  # METHOD PATH [BODY]: says what came back
  ANSWER=$(curl -sS -X "$1" "$BASE$2" -H "Authorization: apikey $TOKEN" -H "Service-CRN: $CRN" \
    -H "Content-Type: application/json" ${{3:+--data "$3"}} -w ' [HTTP %{{http_code}}]')
  echo "   $1 $2 -> $ANSWER"
}}
id_of_answer() {{ echo "$ANSWER" | sed -n 's/.*"id" *: *"\([^"]*\)".*/\1/p' | head -n 1; }}
pass_time() {{  # SECONDS
  curl -sSf -o /dev/null -X POST "$CONTROL/clock/advance" -H "Authorization: apikey $TOKEN" \
    -H "Content-Type: application/json" --data "{{\"seconds\": $1}}" 2>/dev/null || sleep "$1"
}}
wait_for() {{  # JOB: until it has ended
  for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    call GET "/jobs/$1?exclude_params=true"
    case $ANSWER in *'"Queued"'*|*'"Running"'*) sleep 1 ;; *) return ;; esac
  done
}}

if [ -z "$DEVICE" ]; then
  call GET /backends >/dev/null
  LIST=$(echo "$ANSWER" | sed 's/.*"devices" *: *\[//')
  case $LIST in
    \{{*) DEVICE=$(echo "$LIST" | grep -o '"name" *: *"[^"]*"' | head -n 1 | cut -d '"' -f 4) ;;
    *) DEVICE=$(echo "$LIST" | cut -d '"' -f 2) ;;
  esac
fi
"""


def as_curl(finding: Finding, base_url: str) -> str:
    """A shell script that makes the requests of the finding's trace, and says before each what should come back.

    Jobs of a service end by themselves: where the trace says that a job ends, the script waits for it. What jobs run is
    given in the environment, as are token and device.
    """
    what = [f"{one.what}: expected {words.wanted(one)}; seen {words.seen(one)}" for one in finding.differences]
    if finding.said:
        what.append(finding.said)
    lines = [
        _HEAD.format(
            title=_comment(title(finding)),
            what="\n".join(map(_comment, what)),
            base=re.sub(r"[^\w:/.\[\]%-]", "", base_url.rstrip("/")),
            short=json.dumps(SHORT["params"], separators=(",", ":")),
            long=json.dumps(sampler(TWENTY_TIMES, 100_000)["params"], separators=(",", ":")),
        )
    ]
    now = 0
    moments = (moment for moment in words.telling(finding.trace) if not isinstance(moment.event, JobStarted))
    for number, moment in enumerate(moments, start=1):
        at = moment.event.at
        came = words.answer(moment.expected)
        step = f"{number}. at {words.instant(at)}: {words.told(moment.event)}"
        step += f" (should be {came})" if came else ""
        lines.append(f"echo {quote(words.clean(step).replace(chr(10), ' '))}")
        if at > now:
            lines.append(f"pass_time {_seconds(at - now)}")
            now = at
        lines += _requests(moment.event, finding)
    lines += _looks(finding)
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in words.cut(text).splitlines() or [""])


def _seconds(microseconds: int) -> str:
    return f"{microseconds / SECOND:.6f}".rstrip("0").rstrip(".")


def _requests(event: Event, finding: Finding) -> Iterator[str]:
    """The commands of one event. Time has passed already."""
    match event:
        case OpenRequested(session_id=session, mode=mode, max_ttl=length):
            terms: dict[str, object] = {"mode": mode.value, "backend": "$DEVICE"}
            if length is not None:
                terms["max_ttl"] = -(-length // SECOND)
            yield f"call POST /sessions {_body(terms)}"
            yield f"{_name('SESSION', session)}=$(id_of_answer)"
        case SubmitRequested(job_id=job, session_id=session, max_execution=length):
            fields: dict[str, object] = {"program_id": "$PROGRAM", "backend": "$DEVICE"}
            if session is not None:
                fields["session_id"] = f"${{{_name('SESSION', session)}:-{_unknown(session)}}}"
            if length is not None:
                fields["cost"] = -(-length // SECOND)
            yield f"call POST /jobs {_body(fields, params=_payload(job, finding))}"
            yield f"{_name('JOB', job)}=$(id_of_answer)"
        case CloseRequested(session_id=session):
            yield f"call PATCH {_path('SESSION', session)} '{{\"accepting_jobs\": false}}'"
        case CancelRequested(session_id=session):
            yield f"call DELETE {_path('SESSION', session, '/close')}"
        case JobCancelRequested(job_id=job):
            yield f"call POST {_path('JOB', job, '/cancel')}"
        case JobSucceeded(job_id=job) | JobFailed(job_id=job) | JobReleased(job_id=job):
            yield f'wait_for "${{{_name("JOB", job)}:-{_unknown(job)}}}"'
        case PauseRequested() | OfflineRequested() | ResumeRequested():
            action = type(event).__name__.removesuffix("Requested").lower()
            yield (
                f'curl -sS -X POST "$CONTROL/devices/$DEVICE/{action}" -H "Authorization: apikey $TOKEN"; echo'
            )


def _looks(finding: Finding) -> Iterator[str]:
    """What the service shows in the end."""
    opened = dict.fromkeys(event.session_id for event in finding.events if isinstance(event, OpenRequested))
    submitted = dict.fromkeys(event.job_id for event in finding.events if isinstance(event, SubmitRequested))
    yield "echo 'What it shows now:'"
    yield from (f"call GET {_path('SESSION', session)}" for session in opened)
    yield from (f"call GET {_path('JOB', job, '?exclude_params=true')}" for job in submitted)


def _payload(job: str, finding: Finding) -> str:
    """Which params the job is given, by how the trace says that it ends."""
    for event in finding.events:
        if isinstance(event, JobFailed) and event.job_id == job:
            return "$FAILING_JOB"
        if isinstance(event, JobSucceeded) and event.job_id == job:
            return "$SHORT_JOB"
    return "$LONG_JOB"


def _body(fields: dict[str, object], params: str = "") -> str:
    """A JSON body as one argument in double quotes, in which the shell puts its variables."""
    text = json.dumps(fields).replace("\\", "\\\\").replace("`", "\\`")
    text = text.replace('"', '\\"')
    return f'"{text[:-1]}, \\"params\\": {params}}}"' if params else f'"{text}"'


def _path(kind: str, name: str, rest: str = "") -> str:
    room = {"SESSION": "/sessions/", "JOB": "/jobs/"}[kind]
    return f'"{room}${{{_name(kind, name)}:-{_unknown(name)}}}{rest}"'


def _name(kind: str, name: str) -> str:
    """The shell variable that holds the target's id."""
    return f"{kind}_{re.sub(r'[^A-Za-z0-9]', '_', name)}"


def _unknown(name: str) -> str:
    """The id that stands for something that the target never made."""
    return f"no-such-{re.sub(r'[^A-Za-z0-9]', '-', name)}"

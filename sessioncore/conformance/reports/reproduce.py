"""A finding as something to paste: a test in Python, a trace. (:mod:`.curl` makes requests of it.)"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import attrs

from sessioncore.conformance.protocol import TIMES, Accepted, View
from sessioncore.conformance.results import Finding, Moment
from sessioncore.conformance.rules import RULES
from sessioncore.core.events import TIMERS, Event, JobStarted, OpenRequested, SubmitRequested
from sessioncore.core.profiles import IBM_GUIDE, PROFILES, Profile
from sessioncore.trace import DeviceHeader, Entry, Header, Note, Observation, Recorded, Trace, lines_of

from . import words
from .as_json import plain

_FACTORY: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")
_LINE_MAX: Final = 118

_PYTHON: Final = '''\
"""{title}

{what}

Found by `sessioncore conform` in tier {tier}{shrunk}. {run}:

    python -m pytest {file}
"""

from sessioncore import {names}
from sessioncore.conformance.cases import Case
from sessioncore.conformance.tiers.runner import Runner

{profile}EVENTS = (
{events})


{factory}

def test_{name}():
    runner = Runner(make_target, tier="finding"{profile_argument}, shorten=False)
    result = runner.run([Case(name="{name}", events=EVENTS)])
    assert not result.findings, result.findings[0].summary()
'''

_PLACEHOLDER: Final = '''\
def make_target():
    """A fresh target to judge: what your factory for `sessioncore conform` makes."""
    raise NotImplementedError("make a fresh target here")
'''


def as_python(finding: Finding, profile: Profile = IBM_GUIDE, *, target: str = "", file: str = "finding.py") -> str:
    """A module with one pytest function that plays the trace on a fresh target and fails as the finding does.

    ``target`` is what was judged: a ``module:factory`` is imported, for anything else ``make_target`` is left to be
    written. ``file`` is where the module will be, for the words that say how to run it. Uses public names of the
    package only.
    """
    moments = [moment for moment in words.telling(finding.trace) if not isinstance(moment.event, JobStarted)]
    names = {type(moment.event).__name__ for moment in moments}
    written = [_written(moment, number) for number, moment in enumerate(moments, start=1)]
    if any("Mode." in line for line in written):
        names.add("Mode")
    declared, argument = "", ""
    if profile is not IBM_GUIDE and profile != IBM_GUIDE:
        declared, profile_names = _profile(profile)
        names |= profile_names
        argument = ", profile=PROFILE"
    return _PYTHON.format(
        title=_literal(title(finding)),
        what=_literal("\n".join(_what(finding))),
        tier=_literal(finding.tier),
        shrunk=", shrunk" if finding.shrunk else "",
        run=_run(target),
        file=_literal(shlex.quote(file)),
        names=", ".join(sorted(names)),
        profile=declared,
        events="".join(written),
        factory=_factory(target),
        name=_identifier(finding),
        profile_argument=argument,
    )


def title(finding: Finding) -> str:
    """The foremost rule with its title, or the kind of finding where no rule is to blame."""
    rule = RULES.get(finding.rules[0]) if finding.rules else None
    if rule is None:
        return f"The target fell short: {finding.kind.value}."
    return f"{rule.id} · {rule.title} ({rule.mark}, {rule.level})."


def _what(finding: Finding) -> Iterator[str]:
    """What differs, a line each."""
    for one in finding.differences:
        yield f"{words.cut(one.what)}: expected {words.wanted(one)}; seen {words.seen(one)}"
    if finding.said or not finding.differences:
        yield words.cut(finding.said) or finding.kind.value


def _written(moment: Moment, number: int) -> str:
    """One event as a line of Python, with a comment that says it in words."""
    came = words.answer(moment.expected)
    comment = f"# {number}. {words.instant(moment.event.at)}: {words.told(moment.event)}"
    comment = words.clean(comment + (f"; should be {came}" if came else "")).replace("\n", " ")
    code = f"    {_code(moment.event)},"
    return f"{code}  {comment}\n" if len(code) + len(comment) < _LINE_MAX else f"    {comment}\n{code}\n"


def _code(event: Event) -> str:
    """The event as Python makes it, without what is the default."""
    kept = []
    for field in attrs.fields(cast("Any", type(event))):
        value = getattr(event, field.name)
        if field.default is attrs.NOTHING or value != field.default:
            kept.append(f"{field.name}={value!r}")
    return f"{type(event).__name__}({', '.join(kept)})"


def _profile(profile: Profile) -> tuple[str, set[str]]:
    """How the profile is made, and the names that this needs."""
    if PROFILES.get(profile.name) == profile:
        return f'PROFILE = PROFILES["{profile.name}"]\n', {"PROFILES"}
    return f"PROFILE = {profile!r}\n", {"Profile", "Parameters"}


def _factory(target: str) -> str:
    found = _importable(target)
    if found is None:
        return _PLACEHOLDER
    return f"from {found[1]} import {found[2]} as make_target  # noqa: E402\n"


def _importable(target: str) -> re.Match[str] | None:
    """Module and factory of a target that a test in another file can import."""
    found = _FACTORY.fullmatch(target)
    return None if found is None or found[1] == "__main__" else found


def _run(target: str) -> str:
    """How to run the test: ``python -m pytest`` imports from the folder that it is started in, which bare ``pytest``
    does not."""
    found = _importable(target)
    if found is None:
        return "Write make_target, then run it with"
    return f"Run it from the folder in which `import {found[1]}` works, as `sessioncore conform` was"


def _identifier(finding: Finding) -> str:
    """A name for the test: ``s_06_no_jobs_once_it_stops_accepting``."""
    rule = RULES.get(finding.rules[0]) if finding.rules else None
    text = f"{rule.id} {rule.title}" if rule else f"no {finding.kind.value}"
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _literal(text: str) -> str:
    """Text that can stand inside a docstring."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


# --- the trace ---------------------------------------------------------------------------------------------------


def as_trace(finding: Finding, profile: Profile, lanes: int = 1, device: str = "device") -> str:
    """The trace of a finding as JSON lines in the project's own format, to be read by ``sessioncore.trace``.

    Every event says under ``host`` what was answered and what should have been; what the target showed follows as an
    observation. Starts that the kit handed on stand as notes, since a device core makes them itself.
    """
    header = Header(devices=(DeviceHeader(id=device, lanes=lanes),), profile=profile)
    return "\n".join(lines_of(Trace(header=header, entries=tuple(_entries(finding))))) + "\n"


def _entries(finding: Finding) -> Iterator[Entry]:
    seq = 0
    names, origin = _terms(finding.trace)
    for moment in finding.trace:
        seq += 1
        host = _host(moment)
        if isinstance(moment.event, (JobStarted, *TIMERS)):
            yield Note(seq=seq, at=moment.event.at, host={"note": type(moment.event).__name__, **host})
        else:
            yield Recorded(seq=seq, event=moment.event, host=host or None)
        if moment.view is not None:
            seq += 1
            yield Observation(seq=seq, at=moment.event.at, observed=observed(moment.view, names, origin))


def _host(moment: Moment) -> dict[str, Any]:
    """What was answered and what should have been, and the job of a start."""
    host: dict[str, Any] = {}
    if isinstance(moment.event, JobStarted):
        host["job_id"] = moment.event.job_id
    if moment.outcome is not None:
        host["answer"] = plain(moment.outcome)
    if moment.expected is not None:
        host["expected"] = plain(moment.expected)
    return host


def _terms(trace: Sequence[Moment]) -> tuple[dict[str, str], int]:
    """The kit's name for every id that the target gave, and where the target's clock stood at the kit's 0."""
    names: dict[str, str] = {}
    for moment in trace:
        given = moment.outcome.id if isinstance(moment.outcome, Accepted) else None
        if given is not None and isinstance(moment.event, OpenRequested | SubmitRequested):
            own = moment.event.session_id if isinstance(moment.event, OpenRequested) else moment.event.job_id
            names[given] = own
    first = next((moment for moment in trace if moment.view is not None), None)
    return names, 0 if first is None or first.view is None else first.view.at - first.event.at


def observed(view: View, names: Mapping[str, str], origin: int = 0) -> dict[str, Any]:
    """What a target showed, as an observation of a trace holds it, in the kit's ``names`` and counted from ``origin``
    of its clock (microseconds). What it did not show is left out."""
    sessions, jobs = {}, {}
    for name, session in view.sessions.items():
        fields = plain(session) | {"id": names.get(name, name)}
        times = {field: fields[field] - origin for field in TIMES if type(fields.get(field)) is int}
        sessions[str(names.get(name, name))] = fields | times
    for name, job in view.jobs.items():
        jobs[str(names.get(name, name))] = plain(job) | {"id": names.get(name, name)}
    return {"sessions": sessions, "jobs": jobs}

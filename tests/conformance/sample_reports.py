"""Reports made by hand: one of a target with faults of many kinds, one of a target that is right, one of nonsense."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

from sessioncore.conformance.protocol import Accepted, JobView, Rejected, SessionView, View
from sessioncore.conformance.reports.coverage import totals
from sessioncore.conformance.results import (
    Coverage,
    Diagnosis,
    Difference,
    Finding,
    Kind,
    Moment,
    Report,
    RuleVerdict,
    TierResult,
    Verdict,
)
from sessioncore.conformance.rules import RULES
from sessioncore.core import (
    IBM_GUIDE,
    Advanced,
    CloseRequested,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)

SECOND = 1_000_000
GUARANTEE = (
    "Any deterministic implementation with at most 161 states that differs on this alphabet is caught. Assumed: every "
    "target is fresh, its clock is driven, and at most two jobs are queued."
)


def a_session(state: str, **fields: object) -> SessionView:
    """A session as a target shows it."""
    return SessionView(id="a", state=state, **fields)  # type: ignore[arg-type]


def a_view(at: int, state: str, **jobs: str) -> View:
    """What a target shows: session ``a`` and its jobs."""
    return View(
        at=at,
        sessions={"a": a_session(state, accepting_jobs=state == "active", max_time=8 * 3600 * SECOND, closed_at=None)},
        jobs={name: JobView(id=name, status=status) for name, status in jobs.items()},
    )


def late_job() -> Finding:
    """A job is accepted after the session was closed to new ones."""
    accepted = Accepted()
    trace = (
        Moment(
            event=OpenRequested(at=0, session_id="a"),
            expected=Accepted(id="a"),
            outcome=Accepted(id="target-77"),
            rows=("S-01.open",),
            view=a_view(0, "open"),
            states=("a: open",),
        ),
        Moment(
            event=SubmitRequested(at=SECOND, job_id="j1", session_id="a"),
            expected=Accepted(id="j1"),
            outcome=Accepted(id="job-1"),
            rows=("S-05.submit", "J-01.submit", "S-09.start", "J-01.start"),
            view=a_view(SECOND, "active", j1="running"),
            states=("a: active",),
        ),
        Moment(
            event=CloseRequested(at=2 * SECOND, session_id="a"),
            expected=accepted,
            outcome=accepted,
            rows=("S-17.active",),
            view=a_view(2 * SECOND, "active", j1="running"),
            states=("a: active, draining",),
        ),
        Moment(
            event=SubmitRequested(at=2 * SECOND, job_id="j2", session_id="a"),
            expected=Rejected(code=1217, http_status=400, message="Session has been closed."),
            outcome=Accepted(id="job-2"),
            rows=("S-06.draining",),
            states=("a: active, draining",),
        ),
    )
    return Finding(
        kind=Kind.OUTCOME,
        rules=("S-06",),
        tier="standard",
        case="submit while active_draining",
        differences=(Difference(what="answer", expected="rejected with code 1217", seen="accepted"),),
        trace=trace,
        possible=("a is active, draining (MaxTtlExpired in 28799 s); j1 is running; it may end, or be cancelled",),
        shrunk=True,
    )


def early_end() -> Finding:
    """The session ends a microsecond before its interactive TTL, and with another word."""
    submitted, ended = 1 * SECOND, 5 * SECOND
    trace = (
        Moment(event=OpenRequested(at=0, session_id="a"), expected=Accepted(id="a"), outcome=Accepted(id="a"),
               rows=("S-01.open",), states=("a: open",), view=a_view(0, "open")),
        Moment(event=SubmitRequested(at=submitted, job_id="j1", session_id="a"), expected=Accepted(id="j1"),
               outcome=Accepted(id="j1"), rows=("S-05.submit", "S-09.start"), states=("a: active",),
               view=a_view(submitted, "active", j1="running")),
        Moment(event=Advanced(at=ended - 1), rows=(), states=("a: active",), view=a_view(ended - 1, "active")),
        Moment(event=JobSucceeded(at=ended, job_id="j1"), expected=Accepted(), outcome=Accepted(),
               rows=("J-01.complete", "J-01.end"), states=("a: active",), view=a_view(ended, "active")),
        Moment(event=Advanced(at=ended + 60 * SECOND), rows=("S-14.deactivate",), states=("a: inactive",),
               view=a_view(ended + 60 * SECOND, "closed", j1="completed")),
    )  # fmt: skip
    return Finding(
        kind=Kind.OBSERVATION,
        rules=("S-14", "S-13"),
        tier="explore",
        case="walk 12",
        differences=(
            Difference(what="session a: state", expected="inactive", seen="closed"),
            Difference(what="session a: accepting_jobs", expected=True, seen=False),
            Difference(what="session a: closed_at", expected=None, seen=ended + 60 * SECOND),
        ),
        trace=trace,
        possible=("a is inactive (MaxTtlExpired in 28736 s); j1 is completed",),
        shrunk=True,
    )


def crash() -> Finding:
    """The target breaks off, with text that no report can take as it is."""
    return Finding(
        kind=Kind.CRASH,
        rules=(),
        tier="smoke",
        case="<script>alert(1)</script>",
        differences=(),
        trace=(Moment(event=OpenRequested(at=0, session_id="a"), rows=("S-01.open",)),),
        said='apply() raised ValueError: \x1b[31m<b>"&\x00\ud800 ]]> """ \\',
    )


def coverage(share: float = 0.8) -> Coverage:
    """A coverage that holds this share of everything."""
    every = totals(IBM_GUIDE)
    made = Coverage(fields=Counter({"state": 40, "accepting_jobs": 40}))
    for name in ("rows", "states", "transitions", "pairs", "sneaks", "guards", "boundaries", "ties"):
        keys = sorted(getattr(every, name))
        kept = keys[: max(1, int(len(keys) * share))]
        setattr(made, name, Counter({key: 1 + 7 * place for place, key in enumerate(kept)}))
    return made


def faulty_report() -> Report:
    """Findings of several kinds, every verdict, a diagnosis and something learned."""
    late, early, broken = late_job(), early_end(), crash()
    verdicts = []
    for number, rule in enumerate(RULES.values()):
        verdict, why, findings = Verdict.PASS, "", ()
        if rule.id == "S-06":
            verdict, why, findings = Verdict.FAIL, "answer should be 'rejected with code 1217'", (late,)
        elif rule.id == "S-14":
            verdict, why, findings = Verdict.FAIL, "session a: state should be 'inactive'", (early,)
        elif rule.id == "T-02":
            verdict, why, findings = Verdict.NON_STRICT, "two timers at one instant fire in another order", ()
        elif rule.id.startswith("U"):
            verdict, why = Verdict.NOT_APPLICABLE, "the target shows no usage_time"
        elif rule.id == "D-02":
            verdict, why = Verdict.INCONCLUSIVE, "the target was not seen at the deadline"
        elif rule.id in ("J-07", "J-08", "T-06"):
            verdict, why = Verdict.UNTESTED, "no case exercises it"
        verdicts.append(
            RuleVerdict(
                rule=rule,
                verdict=verdict,
                why=why,
                exercised=0 if why and verdict is not Verdict.FAIL else 5 + 13 * number,
                findings=findings,
            )
        )
    exercised = Counter({rule: 3 + place for place, rule in enumerate(RULES)})
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="240" height="40"><text x="5" y="25">learned</text></svg>'
    tiers = (
        TierResult(name="smoke", cases=51, steps=730, seconds=0.21, findings=(broken,), coverage=coverage(0.3)),
        TierResult(
            name="standard",
            cases=812,
            steps=9548,
            seconds=3.4,
            findings=(late,),
            coverage=coverage(0.8),
            exercised=exercised,
            skipped=("pause while active: it has no PauseRequested",),
        ),
        TierResult(name="complete", cases=3120, steps=100_440, seconds=41.7, guarantee=GUARANTEE),
        TierResult(name="explore", cases=200, steps=8000, seconds=9.0, findings=(early,), coverage=coverage(0.5)),
        TierResult(
            name="learn",
            cases=1,
            steps=160_000,
            seconds=50.0,
            notes=("equivalence was tested with a W-suite",),
            extra=SimpleNamespace(svg=svg, states=138),
        ),
    )
    return Report(
        target="my_service:make <b>&",
        profile="ibm-guide",
        seed=42,
        tiers=tiers,
        verdicts=tuple(verdicts),
        unsupported=("PauseRequested", "OfflineRequested", "ResumeRequested"),
        expected=("S-14",),
        surprising=("S-15",),
        diagnosis=Diagnosis(
            same=("1 submit accepted while draining",),
            near=(("2 submit accepted after closed", 1517, "submit j2 to a, while draining"),),
            tried=1518,
        ),
        versions=(("chart", "1"), ("sessioncore", "0.1.0")),
    )


def good_report() -> Report:
    """Everything passes."""
    verdicts = tuple(RuleVerdict(rule=rule, verdict=Verdict.PASS, exercised=9) for rule in RULES.values())
    tier = TierResult(name="standard", cases=800, steps=9500, seconds=3.0, coverage=coverage(1.0))
    return Report(target="core", profile="ibm-guide", seed=0, tiers=(tier,), verdicts=verdicts, strict=True)

"""Cases that cross what small scopes have one at a time: refusals in every state with the timers after them, several
sessions with timers of their own, second activations, queues of three. Each is a program (see :mod:`.stories`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import TypeAlias

from sessioncore.core.profiles import Profile

from ..cases import Case
from .stories import told

Programs: TypeAlias = Iterator[tuple[str, str]]

REFUSALS_MAX = 10
"""A budget of more jobs than that is not used up by a short case."""

STATES: Mapping[str, str] = {
    "open": "open:a{}",
    "open with work": "pause open:a{} j1>a",
    "open without work again": "pause open:a{} j1>a -j1",
    "open draining": "pause open:a{} j1>a close:a",
    "running": "open:a{} j1>a",
    "running with a queue": "open:a{} j1>a j2>a",
    "draining": "open:a{} j1>a j2>a close:a",
    "idle": "open:a{} j1>a +j1",
    "inactive": "open:a{} j1>a +j1 idle",
    "inactive with work": "open:a{} j1>a +j1 idle pause j2>a",
    "inactive draining": "open:a{} j1>a +j1 idle pause j2>a close:a",
    "active again": "open:a{} j1>a +j1 idle j2>a",
    "idle again": "open:a{} j1>a +j1 idle j2>a +j2",
    "closed": "open:a{} j1>a close:a +j1",
    "cancelled": "open:a{} j1>a j2>a cancel:a",
    "closed by its max TTL": "open:a{} j1>a j2>a idle idle idle",
}
"""Ways into every state of a session; the braces are for its terms."""

REFUSALS: Mapping[str, str] = {
    "S-07 a job of no time": "r1>a/0",
    "S-07 a job of negative time": "r1>a/-1",
    "S-07 a job longer than the session": "r1>a/over",
    "S-07 a job as long as the session": "r1>a/whole",
    "S-02 a session of no time": "open:r/0",
    "J-09 a job for nobody": "r1>nobody",
    "J-03 a job that is over": "-j1",
    "J-06 a stray report": "+j1",
}
"""Requests that are refused or change nothing, nearly everywhere. A job as long as its session is taken while the
session takes jobs, however little is left of it."""

HOLDS_THREE: Mapping[str, str] = {
    "open": "pause open:a{} j1>a j2>a j3>a",
    "active": "open:a{} j0>a j1>a j2>a j3>a",
    "active and paused": "open:a{} j0>a pause +j0 j1>a j2>a j3>a",
    "inactive": "open:a{} j0>a +j0 idle pause j1>a j2>a j3>a",
    "active again": "open:a{} j0>a +j0 idle j9>a j1>a j2>a j3>a",
}
"""Ways to three queued jobs."""

ENDINGS: Mapping[str, str] = {
    "S-12 run": "resume +* +* !* +* wait",
    "S-12 run with others behind": "x1> j4>a resume +* +* +* +* +*",
    "S-18 drained": "close:a resume +* ?* +* +* wait",
    "S-20 cancelled": "cancel:a resume +* wait",
    "S-20 cancelled while draining": "close:a cancel:a resume +*",
    "S-15 out of time": "wait resume +*",
    "S-15 out of time while draining": "close:a wait resume +*",
    "J-02 taken back": "-j2 -j1 -j3 resume +* wait",
    "J-02 taken back while draining": "close:a -j2 -j3 -j1 resume +*",
    "J-01 the first fails": "resume !* !* wait",
}
"""What can become of three queued jobs."""


def crossed(profile: Profile, lanes: int = 1) -> Iterator[Case]:
    """All of them, for one profile."""
    for programs in (
        _refusals(),
        _budgets(profile),
        _terms(),
        _two_sessions(),
        _holding(),
        _queues(),
        _second_activations(),
        _overtaken(),
        _heads(),
        _batches(),
        _same_instant(),
        _operators(),
        _taken_back(),
    ):
        yield from told(profile, lanes, programs)


def _refusals() -> Programs:
    """S-06, S-07: what is refused changes nothing, and no timer begins anew."""
    for (state, way), (refusal, word) in product(STATES.items(), REFUSALS.items()):
        yield f"{refusal}, {state}", f"{way.format('/6')} {word} wait"
    everything = " ".join(word.replace("r1", f"r{number}") for number, word in enumerate(REFUSALS.values()))
    for state, way in STATES.items():
        yield f"S-06 a batch that is refused everything, {state}", f"{way.format('/batch/6')} {everything} wait"
    yield "S-07 a job of its own is longer than a session may last", "x1>/beyond wait"
    yield "S-06 before S-07 whatever is asked", "open:a j1>a +j1 idle pause j2>a close:a r1>a/over r2>a/0 r3>a"


def _budgets(profile: Profile) -> Programs:
    """S-25: a submission that was refused uses up nothing, one that was taken back does."""
    limit = profile.dedicated.job_limit
    if limit is None or limit > REFUSALS_MAX:
        return
    jobs = [f"j{number}>a" for number in range(1, limit + 2)]
    for refusal in ("0", "-1", "over"):
        refused = " ".join(f"r{number}>a/{refusal}" for number in range(limit))
        yield f"S-25 not used up by refusals ({refusal})", f"open:a {refused} {' '.join(jobs)} +* wait"
        yield f"S-25 a refusal at the last job ({refusal})", f"open:a {' '.join(jobs[:-2])} {refused} {jobs[-2]} +*"
    yield "S-25 used up by jobs that were taken back", f"open:a pause {' -j1 '.join(jobs)} resume +* wait"


def _terms() -> Programs:
    """S-03, S-13: every kind of session has its own terms, whatever was asked for before, and its own timers."""
    for mode, length in product(("", "/batch"), ("", "/1", "/2", "/3")):
        opened = f"open:a{mode}{length}"
        word = opened.partition(":")[2]
        yield f"S-13 the timers of {word}", f"{opened} j1>a +j1 wait"
        yield f"S-16 without a job, {word}", f"{opened} wait"
        yield f"S-03 another one after {word}", f"{opened} open:b open:c/batch j1>b"
        yield f"S-15 with work, {word}", f"{opened} j1>a j2>a wait +*"


def _two_sessions() -> Programs:
    """S-10, S-13, S-16: each of two sessions has timers of its own, in either order."""
    modes = (("", ""), ("/batch", "/batch"), ("", "/batch"), ("/batch", ""))
    for (one, two), (long, short) in product(modes, (("/9", "/7"), ("/7", "/9"))):
        both = f"open:a{one}{long} open:b{two}{short}"
        name = f"a{one}{long} and b{two}{short}"
        yield f"S-16 two that wait, {name}", f"{both} pause j1>b -j1 wait"
        for first, second in ("ab", "ba"):
            begun = f"{both} j1>{first} +j1 idle j2>{second}"
            yield f"S-10 two that started, {name}, {first} first", f"{begun} wait +* wait"
            yield f"S-13 two idle times, {name}, {first} first", f"{begun} +j2 wait"
            near = f"{both} j1>{first} j2>{second} +j1"
            yield f"S-13 idle side by side, {name}, {first} first", f"{near} +j2 wait"
            yield f"S-14 one idle, one at work, {name}, {first} first", f"{near} j3>{first} +* wait"


def _holding() -> Programs:
    """D-01: nothing that happens to another session takes the device from the one that holds it."""
    for mode, ending in product(("", "/batch"), ("close:b", "cancel:b", "pause resume", "b1>b -b1", "b1>b close:b")):
        for way in ("j1>a +j1", "j1>a +j1 idle j2>a +j2", "j1>a"):
            yield f"D-01 held through {ending} of b{mode} after {way}", f"open:b{mode} open:a {way} {ending} x1> wait"
    for way in ("j1>a", "j1>a idle", "j1>a +j1 idle j2>a"):
        yield f"D-01 held while it drains after {way}", f"open:a {way} j8>a x1> close:a +* x2> +* +* +*"


def _queues() -> Programs:
    """Three queued jobs in every state that can hold them, ended in every way."""
    for (state, way), (ending, words) in product(HOLDS_THREE.items(), ENDINGS.items()):
        yield f"{ending}: three jobs, {state}", f"{way.format('/6')} {words}"
        if "taken back" not in ending:
            yield f"{ending}: three jobs of a batch, {state}", f"{way.format('/batch/6')} {words}"


def _second_activations() -> Programs:
    """S-09: a session that was inactive starts anew, with two jobs or more, draining or not."""
    for mode, count, close in product(("", "/batch"), (1, 2, 3), ("", "close:a")):
        jobs = " ".join(f"j{number}>a" for number in range(2, 2 + count))
        name = f"{count} jobs{' and a close' if close else ''}{mode}"
        begun = f"open:a{mode}/6 j1>a +j1 idle"
        for report in "+!?-":
            yield f"S-09 {name}, {report}", f"{begun} {jobs} {close} {report}* +* x1> {report}* +* wait"
        yield f"S-18 {name}, paused at work", f"{begun} {jobs} pause j8>a {close} +* +* wait resume +* +* wait"
        late = f"{begun} pause {jobs} {close} resume"
        yield f"S-10 {name} until the max TTL", f"{late} wait +*"
        yield f"S-13 {name} and idle", f"{late} +* +* +* wait j8>a +* wait"


def _overtaken() -> Programs:
    """S-11, D-03: a session that is inactive stands in the queue where its oldest job does, and ends where it is."""
    inactive = "open:a j1>a +j1 idle"
    for mode in ("", "/batch"):
        begun = f"open:a{mode} open:b j1>a +j1 idle pause"
        yield f"D-03 an inactive session queues again{mode}", f"{begun} x1> j2>a x2> b1>b resume +* +* +* +* wait"
        yield f"D-03 behind another session{mode}", f"{begun} b1>b j2>a resume +* wait"
        yield f"D-03 before another session{mode}", f"{begun} j2>a b1>b resume +* wait"
        yield f"D-03 moved back{mode}", f"{begun} j2>a x1> j3>a b1>b -j2 resume +* +* +* +*"
        yield f"D-03 moved back while it drains{mode}", f"{begun} j2>a x1> j3>a close:a -j2 resume +* +* +*"
    for ending in ("close:a", "cancel:a", "pause j2>a -j2 close:a", "pause j2>a close:a -j2", "pause j2>a cancel:a"):
        yield f"S-11 inactive for a while, {ending}", f"{inactive} x1> +x1 x2> {ending} +* resume wait"
    yield "S-11 inactive and overtaken for ever", f"{inactive} x1> j2>a x2> j3>a +* x3> +* +* +* +* wait"


def _heads() -> Programs:
    """D-03: what has no time left at the head of the queue blocks nobody, at the instant of its deadline too."""
    for mode, length, report in product(("", "/batch"), ("/1", "/3", "/6"), "+!?"):
        begun = f"open:a{mode}{length} a1>a a2>a"
        yield f"D-03 out of time at the head, a{mode}{length} {report}", f"{begun} x1> at {report}a1 wait +*"
        yield f"D-03 out of time before a session, a{mode}{length} {report}", f"open:b {begun} b1>b at {report}a1 wait"
        inactive = f"open:a{mode}{length} a0>a +a0 idle x1> a1>a x2>"
        yield f"D-03 out of time and inactive, a{mode}{length} {report}", f"{inactive} at {report}x1 wait +*"


def _batches() -> Programs:
    """S-12: among active batches the oldest job goes first, and a job that is held blocks nobody."""
    both = "open:a/batch open:b/batch"
    for (first, second), last in product(permutations("ab"), ("", " close:a", " close:b", " -a2")):
        begun = f"{both} {first}1>{first} +* {second}1>{second} +* pause"
        for one, two in permutations("ab"):
            jobs = f"x1> {one}2>{one} {two}2>{two} {one}3>{one}{last}"
            name = f"S-12 two active batches, {first} began, {one} asks first{last}"
            yield name, f"{begun} {jobs} resume +* +* +* +* wait"
    for behind in ("b2>b a2>a", "b2>b x1> a2>a", "x1> b2>b a2>a", "a2>a b2>b"):
        for close in ("", " close:a", " close:b"):
            begun = f"open:b/batch b1>b +b1 open:a a1>a {behind}{close}"
            yield f"D-01 a batch is held: {behind}{close}", f"{begun} +* +* +* wait"
    yield "S-25 two jobs of a batch side by side", "open:a/batch a1>a a2>a wait +* wait"
    yield "S-25 three jobs of a batch side by side", "open:a/batch a1>a a2>a a3>a wait +* wait"


def _same_instant() -> Programs:
    """T-02: a job's limit and each other timer at one instant; whose turn it is shows where a failure ends a
    session."""
    for mode, more in product(("", "/batch"), ("", "j2>a", "j2>a close:a", "close:a")):
        name = f"a{mode} {more}".strip()
        yield f"T-02 its limit at the max TTL {name}", f"open:a{mode}/2 j1>a/2 {more} wait ?* wait"
        again = f"open:a{mode}/6 j0>a +j0 idle j1>a/due {more}"
        yield f"T-02 the limit of a second job at the max TTL {name}", f"{again} wait ?* wait"
        other = f"open:a/batch/6 j0>a +j0 open:b{mode} b1>b/due {more}"
        yield f"T-02 its limit at the idle time of another {name}", f"{other} wait ?* wait"
        yield f"T-02 its limit where nobody came {name}", f"open:b open:a{mode} j1>a/due {more} wait ?* wait"


def _operators() -> Programs:
    """D-05: an operator who asks twice has asked once, and no timer minds."""
    asked = ("pause pause resume", "offline pause resume", "pause offline resume", "resume resume")
    states = ("open", "idle", "inactive", "running with a queue", "open with work", "inactive with work", "draining")
    for words, state in product(asked, states):
        yield f"D-05 {words}, {state}", f"{STATES[state].format('')} {words} x1> +* wait"
    for words in asked:
        yield f"D-05 {words}", f"{words} x1> +* {words} x2> resume resume"


def _taken_back() -> Programs:
    """S-16, J-02: every time that the last queued job is taken back, the time without a submission begins."""
    for mode, times, end in product(("", "/batch"), (1, 2, 3), ("", " resume", " close:a", " r1>a/0")):
        jobs = " ".join(f"j{number}>a -j{number}" for number in range(1, 1 + times))
        yield f"S-16 {times} jobs taken back from a{mode}{end}", f"pause open:a{mode} {jobs}{end} wait"
    yield "J-02 two of three taken back", "pause open:a j1>a j2>a j3>a -j2 -j1 wait resume +* wait"

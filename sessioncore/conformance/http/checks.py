"""What the dialect says beyond the machine: ids, lists and their filters, tags, private jobs (ibm-rest 6, 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, final

import attrs

from ..results import Difference, Finding, Kind
from ..running import FellShort, NotApplicable
from .exchange import Answer
from .reading import object_of, text_of
from .service import Service
from .target import HttpTarget
from .tier import HttpRunner

Check: TypeAlias = "Callable[[Bench], Iterator[Difference]]"
"""Asks the service something and tells what is wrong."""

NOBODY = "sessioncore-nobody"
TAGS = ("sessioncore-one", "sessioncore-two")


@final
@attrs.define
class Bench:
    """What a check works with: the service, a session of its own, and what was submitted."""

    service: Service
    jobs: list[str] = attrs.Factory(list)

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """One request."""
        return self.service.exchange.ask(method, path, body, query or None)

    def submit(self, **fields: Any) -> str:
        """A short job of its own; its id."""
        body = {**self.service.settings.short, "backend": self.service.backend, **fields}
        answer = self.ask("POST", "/jobs", body)
        if answer.refused:
            raise NotApplicable(f"POST /jobs: HTTP status {answer.status}: {answer.text[:100]}")
        job = text_of(object_of(answer, "a new job"), "id", "a new job")
        self.jobs.append(job)
        return job

    def ended(self, job: str) -> None:
        """Wait until it has completed. Raises :class:`NotApplicable` if it does not."""
        target = HttpTarget(self.service)
        if not target.wait(lambda: target.job(job).status == "completed"):
            raise NotApplicable(f"a short job did not complete within {self.service.settings.settle_s:g} s")

    def listed(self, **query: Any) -> tuple[list[str], int]:
        """The ids that a list shows, and how many it says there are."""
        body = object_of(self.ask("GET", "/jobs", exclude_params="true", **query), "the list of jobs")
        jobs = body.get("jobs", ())
        count = body.get("count")
        return [job["id"] for job in jobs], count if isinstance(count, int) else -1


def check_wire(runner: HttpRunner) -> None:
    """Every check; what it finds is a finding of the runner, what it confirms counts as exercised."""
    for rule, check in CHECKS.items():
        if runner.over:
            return
        bench = Bench(runner.service)
        kind, said = Kind.OBSERVATION, ""
        wrong: tuple[Difference, ...] = ()
        try:
            wrong = tuple(check(bench))
            for job in bench.jobs:
                bench.ended(job)
        except NotApplicable as reason:
            runner.skipped[str(reason)] += 1
            continue
        except FellShort as fall:
            kind, said = fall.kind, fall.said
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            kind, said = Kind.NONSENSE, f"an answer has another form ({type(error).__name__}: {error})"
        runner.cases += 1
        if wrong or said:
            name = (check.__doc__ or "").rstrip(".")
            runner.found(
                Finding(
                    kind=kind,
                    rules=(rule,),
                    tier=runner.tier,
                    case=name,
                    differences=wrong,
                    trace=(),
                    said=said or name,
                )
            )
        else:
            runner.tally.exercised[rule] += 1


def _unknown_ids(bench: Bench) -> Iterator[Difference]:
    """An id that nobody gave is not found, whatever is asked about it."""
    for method, path in (
        ("GET", f"/sessions/{NOBODY}"),
        ("GET", f"/jobs/{NOBODY}"),
        ("GET", f"/jobs/{NOBODY}/results"),
        ("POST", f"/jobs/{NOBODY}/cancel"),
        ("DELETE", f"/jobs/{NOBODY}"),
    ):
        status = bench.ask(method, path).status
        if status != 404:
            yield Difference(what=f"{method} {path}", expected=404, seen=status)


def _tags(bench: Bench) -> Iterator[Difference]:
    """A list by tags shows the jobs that carry all of them, and tags can be replaced."""
    both, one = bench.submit(tags=list(TAGS)), bench.submit(tags=[TAGS[0]])
    yield from _shows(bench, {"tags": [TAGS[0]]}, {both, one}, set())
    yield from _shows(bench, {"tags": list(TAGS)}, {both}, {one})
    answer = bench.ask("PUT", f"/jobs/{one}/tags", {"tags": [TAGS[1]]})
    if answer.status != 204:
        yield Difference(what="PUT tags", expected=204, seen=answer.status)
    yield from _shows(bench, {"tags": [TAGS[0]]}, {both}, {one})
    yield from _shows(bench, {"tags": [TAGS[1]]}, {both, one}, set())


def _private(bench: Bench) -> Iterator[Difference]:
    """A private job hides its inputs and hands out its result once."""
    job = bench.submit(private=True)
    bench.ended(job)
    if object_of(bench.ask("GET", f"/jobs/{job}"), "a job").get("params") is not None:
        yield Difference(what="params of a private job", expected="none", seen="its inputs")
    first, second = (bench.ask("GET", f"/jobs/{job}/results") for _ in range(2))
    if first.status != 200 or not first.text:
        yield Difference(what="the first result of a private job", expected="a result", seen=first.status)
    if second.status < 400 and second.text:
        yield Difference(what="the second result of a private job", expected="nothing", seen="the result again")


def _lists(bench: Bench) -> Iterator[Difference]:
    """A list shows the jobs that pass its filters, and counts them all."""
    made = {bench.submit() for _ in range(3)}
    for job in made:
        bench.ended(job)
    yield from _shows(bench, {"pending": "false"}, made, set())
    yield from _shows(bench, {"pending": "true"}, set(), made)
    yield from _shows(bench, {"backend": bench.service.backend}, made, set())
    yield from _shows(bench, {"backend": NOBODY}, set(), made)
    newest, count = bench.listed(limit=1)
    if len(newest) != 1:
        yield Difference(what="a list of one", expected=1, seen=len(newest))
    if count < len(made):
        yield Difference(what="count beside a list of one", expected=f"at least {len(made)}", seen=count)


def _shows(bench: Bench, query: Mapping[str, Any], wanted: set[str], unwanted: set[str]) -> Iterator[Difference]:
    found, _ = bench.listed(limit=50, **query)
    what = f"GET /jobs with {dict(query)}"
    if missing := wanted - set(found):
        yield Difference(what=what, expected=f"{len(wanted)} jobs of ours", seen=f"{len(missing)} of them are missing")
    if there := unwanted & set(found):
        yield Difference(what=what, expected="no others", seen=f"{len(there)} that do not pass")


CHECKS: Mapping[str, Check] = {"J-09": _unknown_ids, "J-07": _tags, "J-08": _private, "J-01": _lists}
"""By the rule that each is about; lists have none of their own, and show what became of jobs."""

"""Judging a service at a URL: the same tiers, verdicts and report as for objects, through its public interface."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from sessioncore.core.errors import SessionCoreError
from sessioncore.core.profiles import IBM_GUIDE, Profile

from .http.exchange import Exchange
from .http.service import CONTROL, Service
from .http.settings import Settings
from .http.target import HttpTarget
from .http.tier import SECONDS_MAX, judge_service
from .kit import check_names, report_of
from .protocol import Capabilities
from .results import Finding, Kind, Report, TierResult
from .rules import RULES
from .running import FellShort
from .tiers import TIERS
from .tiers.runner import Progress, silent
from .tiers.standard import smoke, standard

CASES = {"smoke": smoke, "standard": standard}
SERVICE_TIERS = (*CASES, "parallel", "log")
"""The tiers that a service can be put to; the others need a target that the kit drives."""

API = "/api/v1"

WINDOWS = 12
"""How many windows of concurrent requests ``parallel`` opens."""

NOT_ASKED: Mapping[str, str] = {
    "S-04": "about plans: whether this instance has sessions is its owner's to say",
    "D-06": "about several devices; one is used",
    "T-03": "about the host of the machine, which is inside the service",
    "T-04": "about the host of the machine, which is inside the service",
    "T-06": "about a service that was down",
}
"""Rules that a service is not asked about, and why."""


class SettingsError(SessionCoreError):
    """What was said about the service cannot be used. The message says what is wrong and what is expected."""


class NoServiceError(SessionCoreError):
    """Nothing answers at the address. The message names it, and says why."""


def settings_of(url: str, **more: Any) -> Settings:
    """Settings for a service at its origin (``http://HOST:PORT``) or at the root of its API; what is None is left to
    the defaults. ``short``, ``long`` and ``failing`` may be paths of JSON files."""
    known = {name: value for name, value in more.items() if value is not None}
    for name in ("short", "long", "failing"):
        if isinstance(known.get(name), str | Path):
            known[name] = _body(Path(known[name]))
    trimmed = url.rstrip("/")
    path = trimmed.partition("://")[2].partition("/")[2]
    return Settings(url=trimmed if path else trimmed + API, **known)


def _body(path: Path) -> Mapping[str, Any]:
    """The body of a job, from a file."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error})") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: is not JSON ({error})") from error
    if not isinstance(body, dict) or "program_id" not in body or "params" not in body:
        raise SettingsError(f"{path}: must be an object with program_id and params, as the body of POST /jobs has them")
    return body


def look_for(settings: Settings) -> None:
    """Raise :class:`NoServiceError` where nobody can be connected with: then there is nothing to judge. Whatever a
    service that can be reached does with the request is for the judgement to tell."""
    exchange = Exchange(settings)
    try:
        exchange.ask("GET", "/backends")
    except FellShort as fall:
        if isinstance(fall.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
            origin = settings.url.removesuffix(API)
            why = str(fall.__cause__) or "the connection took too long"
            raise NoServiceError(f"no service answers at {origin} ({why})") from fall
    finally:
        exchange.close()


def judge_at(
    settings: Settings,
    *,
    profile: Profile = IBM_GUIDE,
    tiers: Sequence[str] = ("smoke",),
    seed: int = 0,
    expected: Iterable[str] = (),
    strict: bool = False,
    progress: Progress = silent,
    seconds_max: float = SECONDS_MAX,
) -> Report:
    """Judge the service. Never raises because of it: whatever it does is in the report. ``seconds_max`` is about how
    long ``smoke`` and ``standard`` may take each: they choose what meets the most in that time.

    Raises ValueError for a tier or rule that there is not.
    """
    check_names("tier", tiers, {**TIERS, "log": None})
    wanted = tuple(expected)
    check_names("rule", wanted, RULES)
    results = [_tier(name, settings, profile, seed, progress, seconds_max) for name in tiers]
    can, own = _looked(settings, profile)
    return report_of(
        results,
        target=settings.url.removesuffix(API),
        profile=own,
        seed=seed,
        expected=wanted,
        strict=strict,
        can=can,
        elsewhere=NOT_ASKED,
    )


def _looked(settings: Settings, profile: Profile) -> tuple[Capabilities | None, Profile]:
    """What can be done with the service, and the profile with its own lengths of time."""
    try:
        service = Service(settings)
    except FellShort:  # the tiers have told it
        return None, profile
    try:
        return service.capabilities, service.profile(profile)
    finally:
        service.close()


def _tier(
    name: str, settings: Settings, profile: Profile, seed: int, progress: Progress, seconds_max: float
) -> TierResult:
    if name in CASES:
        cases = CASES[name]
        return judge_service(
            settings, cases, tier=name, profile=profile, progress=progress, seconds_max=seconds_max
        )
    if name == "parallel":
        return _guarded(name, lambda: _parallel(settings, profile, seed, progress))
    if name == "log":
        return _guarded(name, lambda: _log(settings, progress))
    why = f"a service is judged by {', '.join(SERVICE_TIERS)}; {name} needs a target that the kit drives"
    return TierResult(name=name, cases=0, steps=0, seconds=0.0, skipped=(why,))


def _guarded(name: str, work: Callable[[], TierResult]) -> TierResult:
    """The tier, or the finding that the service could not be put to it."""
    try:
        return work()
    except FellShort as fall:
        finding = Finding(
            kind=fall.kind, rules=(), tier=name, case="looking at the service", differences=(), trace=(), said=fall.said
        )
        return TierResult(name=name, cases=0, steps=0, seconds=0.0, findings=(finding,))


def _parallel(settings: Settings, profile: Profile, seed: int, progress: Progress) -> TierResult:
    """Concurrent requests; their order is the network's, so there is no schedule to repeat."""
    from .parallel.tier import parallel

    service = Service(settings)
    try:
        return parallel(
            lambda: HttpTarget(service),
            profile=service.profile(profile),
            seed=seed,
            windows=WINDOWS,
            control="free",
            own_clock=not service.virtual,
            late_starts=True,
            progress=progress,
        )
    finally:
        service.close()


def _log(settings: Settings, progress: Progress) -> TierResult:
    """The service's own journal, where it opens its control routes. That it has none is no fault of any service."""
    from .logs import judge_log

    exchange = Exchange(settings)
    try:
        answer = exchange.ask("GET", exchange.root(f"{CONTROL}/journal")) if settings.control else None
        said = "not asked for" if answer is None else f"HTTP status {answer.status}"
    except FellShort as fall:
        answer, said = None, fall.said
    finally:
        exchange.close()
    if answer is None or answer.status != 200:
        why = f"the service shows no journal (GET {CONTROL}/journal: {said})"
        return TierResult(name="log", cases=0, steps=0, seconds=0.0, skipped=(why,))
    try:
        return judge_log(answer.text.splitlines(), progress=progress)
    except SessionCoreError as error:
        raise FellShort(Kind.NONSENSE, f"its journal cannot be read: {error}") from error

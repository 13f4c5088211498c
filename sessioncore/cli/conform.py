"""``sessioncore conform``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sessioncore.core.profiles import PROFILES

from .messages import UsageError, for_header, in_utf8, require

if TYPE_CHECKING:
    from sessioncore.conformance import Factory, Report
    from sessioncore.conformance.tiers.runner import Progress

FELL_SHORT = 1
FORMS = "MODULE:FACTORY, http://HOST:PORT, or the file of a trace or log"


def conform(arguments: argparse.Namespace) -> int:
    """Judge a target; 1 if it fell short."""
    if arguments.power:
        from .power import power

        return power(arguments)
    if arguments.target is None:
        raise UsageError(f"what is to be judged? Give {FORMS}; or --power to measure the kit itself")
    require("rich", "hypothesis")
    if arguments.tier:
        arguments.tier = list(dict.fromkeys(arguments.tier))
    folder = _folder(arguments.report)
    with shown_progress(quiet=arguments.json) as progress:
        report = _judged(arguments, progress)
    from sessioncore.conformance.reports import words

    _write(report, folder)
    if arguments.json:
        from sessioncore.conformance.reports import to_json

        print(to_json(report))
    else:
        from sessioncore.conformance.reports import show

        show(report, folder)
    return 0 if words.outcome(report) == "conforms" else FELL_SHORT


def _judged(arguments: argparse.Namespace, progress: Progress) -> Report:
    """The report of whatever kind of target it is."""
    target: str = arguments.target
    expected = _expected(arguments.expected)
    if "://" in target:
        _unmeant(arguments, "a service", ("mapping", "level"), ("complete", "explore", "learn"))
        return _service(arguments, expected, progress)
    if ":" in target and not os.path.exists(target):  # which is no error for a name that is too long
        from sessioncore.conformance import judge

        _unmeant(arguments, "an object", ("mapping", "level"), ("log",))
        return judge(
            _factory(target),
            target=target,
            profile=PROFILES[arguments.profile or "ibm-guide"],
            tiers=arguments.tier or ("standard",),
            seed=arguments.seed,
            expected=expected,
            strict=arguments.strict,
            progress=progress,
        )
    return _log(arguments, expected, progress)


def _service(arguments: argparse.Namespace, expected: dict[str, str], progress: Progress) -> Report:
    """A service, through its public interface."""
    require("httpx")
    _check_address(arguments.target)
    from sessioncore.conformance.services import judge_at, look_for, settings_of

    settings = settings_of(
        arguments.target,
        token=_in_header(arguments, "token"),
        instance=_in_header(arguments, "instance"),
        backend=None if arguments.backend is None else in_utf8("--backend", arguments.backend),
        short=arguments.short_job,
        long=arguments.long_job,
        failing=arguments.failing_job,
        max_wait_s=arguments.max_wait / 1_000_000,
    )
    look_for(settings)
    return judge_at(
        settings,
        profile=PROFILES[arguments.profile or "ibm-guide"],
        tiers=arguments.tier or ("smoke",),
        seed=arguments.seed,
        expected=expected,
        strict=arguments.strict,
        progress=progress,
    )


def _in_header(arguments: argparse.Namespace, name: str) -> str | None:
    """What requests carry: from the option, or from the environment of the stock client."""
    variable = f"QISKIT_IBM_{name.upper()}"
    given, said = (f"--{name}", getattr(arguments, name)), (variable, os.environ.get(variable))
    what, text = given if given[1] else said
    return for_header(what, text, "ascii") if text else None


def _log(arguments: argparse.Namespace, expected: dict[str, str], progress: Progress) -> Report:
    """A recorded trace, or a service's log with a mapping."""
    from sessioncore.conformance import Capabilities
    from sessioncore.conformance.kit import report_of
    from sessioncore.conformance.logs import judge_log
    from sessioncore.trace import TraceError

    path = Path(arguments.target)
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "there is no such file"
        raise UsageError(f"{path}: {what}, and it is no {FORMS}")
    if arguments.tier and set(arguments.tier) != {"log"}:
        raise UsageError(f"a log is judged by the tier log alone; {', '.join(arguments.tier)} need a target that runs")
    _unmeant(arguments, "a log", ("level",), ())
    profile = None if arguments.profile is None else PROFILES[arguments.profile]
    try:
        result = judge_log(path, profile=profile, mapping=arguments.mapping, progress=progress)
    except OSError as error:
        raise UsageError(f"{error.filename or path}: cannot be read ({error.strerror or error})") from error
    except TraceError as error:
        mapping = "" if arguments.mapping else "; a log in a format of its own needs --mapping FILE"
        raise UsageError(f"{path}: {error}{mapping}") from error
    return report_of(
        [result],
        target=str(path),
        profile=result.extra.profile or profile or PROFILES["ibm-guide"],
        expected=expected,
        strict=arguments.strict,
        can=Capabilities(lanes=result.extra.lanes or 1, reports=False, clock=False),
    )


def _unmeant(arguments: argparse.Namespace, what: str, options: Sequence[str], tiers: Sequence[str]) -> None:
    """Refuse what was said and means nothing for such a target."""
    for name in options:
        if getattr(arguments, name):
            raise UsageError(f"--{name} means nothing here: {arguments.target} is {what}")
    for name in tiers:
        if name in (arguments.tier or ()):
            raise UsageError(f"the tier {name} is not for {what}; leave it out")


def _check_address(target: str) -> None:
    """Refuse what can be no address of a service."""
    from sessioncore.transports import service_origin

    try:
        service_origin(target)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _expected(name: str | None) -> dict[str, str]:
    from sessioncore.conformance.kit import read_expected

    return {} if name is None else read_expected(Path(name))


def _factory(name: str) -> Factory:
    """The user's own factory, named ``module:factory``."""
    from .loading import load

    return load(name, "give a class or function that makes a fresh target, without arguments")


def _write(report: Report, folder: Path | None) -> None:
    """Write the report into the folder, if that was asked for."""
    if folder is None:
        return
    from sessioncore.conformance.reports import write_all

    try:
        write_all(report, folder)
    except OSError as error:
        raise UsageError(f"cannot write the report into {folder}: {error.strerror or error}") from error


def _folder(name: str | None) -> Path | None:
    """The folder for the report, made before anything is judged: that it cannot be is better known early."""
    if name is None:
        return None
    try:
        Path(name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write the report into {name}: {error.strerror or error}") from error
    return Path(name)


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Tells on a terminal what is going on."""
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _done, _all: None
        return
    from rich.console import Console

    with Console(stderr=True).status("judging ...") as status:
        yield lambda what, done, all_: status.update(in_progress(what, done, all_))


def in_progress(what: str, done: int, all_: int) -> str:
    """What is going on, in words; ``all_`` is 0 where nobody knows how much there is."""
    if not done and not all_:
        return f"{what} ..."
    return f"{what}: {done:,}" + (f" of {all_:,}" if all_ else "")

"""The pytest plugin: options for every :func:`~sessioncore.conformance.conformance_suite` of a test run, and its
reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options ``--conform-...``."""
    group = parser.getgroup("conform", "conformance of session services (sessioncore)")
    add = group.addoption
    add("--conform-tier", action="append", metavar="TIER", help="run this tier in place of the suite's own; may repeat")
    add("--conform-seed", type=int, metavar="N", help="the seed of what is drawn at random")
    add("--conform-report", metavar="DIR", help="write the reports of every suite there")
    add("--conform-expected", metavar="FILE", help="rules that are known to fail: a rule id a line, then why")
    add("--conform-strict", action="store_true", help="to differ on a rule marked D is a failure too")


def pytest_configure(config: pytest.Config) -> None:
    """A place for the reports of this run; refuse a tier that there is not before anything runs."""
    config.conform_reports = []  # type: ignore[attr-defined]  # ours, read by the suites
    tiers = config.getoption("conform_tier", None)
    if tiers:
        import pytest

        from .kit import check_names
        from .tiers import TIERS

        try:
            check_names("tier", tiers, TIERS)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
    expected = config.getoption("conform_expected", None)
    if expected:
        import pytest

        from .kit import ExpectationError, read_expected

        try:
            read_expected(Path(expected))
        except ExpectationError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line a suite, and where its report is."""
    reports = getattr(config, "conform_reports", [])
    if not reports:
        return
    folder = config.getoption("conform_report", None)
    terminalreporter.section("conformance")
    for number, report in enumerate(reports, 1):
        counts: dict[str, int] = {}
        for found in report.verdicts:
            counts[found.verdict.value] = counts.get(found.verdict.value, 0) + 1
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        terminalreporter.write_line(f"{report.target} under {report.profile}: {told}")
        if folder:
            from .reports import write_all

            place = Path(folder) if len(reports) == 1 else Path(folder) / str(number)
            write_all(report, place)
            terminalreporter.write_line(f"  report: {place / 'report.html'}")

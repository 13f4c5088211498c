"""``sessioncore check``: its exit codes, and what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sessioncore import checks
from sessioncore.checks import Checker, Made
from sessioncore.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one generated page, in the current folder."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "sessioncore" / "core").mkdir(parents=True)
    (tmp_path / "specs" / "page.md").write_text("one\ntwo\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "specs")
    _check_only(monkeypatch, Made(files={"specs/page.md": b"one\ntwo\n"}))
    return tmp_path


def _check_only(monkeypatch: pytest.MonkeyPatch, made: Made) -> None:
    checker = Checker(name="page", regenerates="specs/page.md", make=lambda _: made)
    monkeypatch.setattr(checks, "CHECKS", (checker,))


@pytest.mark.usefixtures("checkout")
def test_a_checkout_that_is_up_to_date_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "ok       page: specs/page.md\n1 of 1 checks passed\n"


def test_a_difference_fails_with_a_short_diff_and_the_command_that_mends_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _check_only(monkeypatch, Made(files={"specs/page.md": b"one\n2\n"}))
    assert main(["check"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "DIFFERS  page: specs/page.md"
    assert [line.strip() for line in told[1:7]] == [
        "--- specs/page.md (kept)",
        "+++ specs/page.md (generated)",
        "@@ -1,2 +1,2 @@",
        "one",
        "-two",
        "+2",
    ]
    assert told[-1] == "What is generated is mended with: sessioncore check --write"
    assert main(["check", "--write"]) == 0
    assert (checkout / "specs" / "page.md").read_bytes() == b"one\n2\n"
    assert "wrote specs/page.md" in capsys.readouterr().out
    assert main(["check"]) == 0


@pytest.mark.usefixtures("checkout")
def test_what_only_a_person_can_mend_fails_also_when_writing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _check_only(monkeypatch, Made(files={}, problems=("something is written nowhere: write it",)))
    for arguments in (["check"], ["check", "--write"]):
        assert main(arguments) == 1
        told = capsys.readouterr().out
        assert "something is written nowhere: write it" in told
        assert "--write" not in told


@pytest.mark.usefixtures("checkout")
def test_what_cannot_be_checked_here_is_said_and_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _check_only(monkeypatch, Made(files={}, unchecked="there is no Java on this machine"))
    assert main(["check"]) == 0
    told = capsys.readouterr().out
    assert "skipped  page" in told
    assert "not checked: there is no Java on this machine" in told
    assert told.splitlines()[-1] == "0 of 1 checks passed; not everything could be checked: page"


@pytest.mark.usefixtures("checkout")
def test_json_says_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _check_only(monkeypatch, Made(files={"specs/new.md": b""}, problems=("p",), unchecked="u"))
    assert main(["check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "passed": False,
        "checks": [
            {
                "name": "page",
                "regenerates": "specs/page.md",
                "state": "differs",
                "differences": [{"path": "specs/new.md", "diff": "specs/new.md is missing"}],
                "problems": ["p"],
                "unchecked": "u",
                "written": [],
            }
        ],
    }


def test_a_page_that_cannot_be_written_is_told_in_one_line(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "specs" / "folder.md").mkdir()
    _check_only(monkeypatch, Made(files={"specs/folder.md": b"text"}))
    assert main(["check", "--write"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sessioncore: cannot check ")


def test_elsewhere_it_is_wrong_use_and_one_line_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sessioncore", "check"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "there is no specs folder here" in line
    assert "change into a checkout" in line


def test_help_loads_no_check() -> None:
    program = "import sys; from sessioncore.cli import build_parser; build_parser().format_help();"
    program += "print([name for name in sys.modules if name.startswith(('sessioncore.checks', 'rich'))])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"

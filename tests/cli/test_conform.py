"""``sessioncore conform``: what it takes, what it refuses in one line, what it exits with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessioncore.cli import main

OURS = "sessioncore.conformance.reference:CoreTarget"
WRONG = "tests.conformance.test_verdicts:TakesJobsAfterTheEnd"


def test_a_right_object_passes_and_a_wrong_one_falls_short(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", OURS, "--tier", "smoke", "--strict"]) == 0
    assert "conforms to ibm-guide" in capsys.readouterr().out
    assert main(["conform", WRONG, "--tier", "smoke"]) == 1
    told = capsys.readouterr().out
    assert "does not conform" in told
    assert "S-06" in told


def test_the_report_is_written_for_people_and_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", WRONG, "--tier", "smoke", "--json", "--report", str(tmp_path / "new" / "report")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["format"] == "sessioncore-conformance"
    written = {path.name for path in (tmp_path / "new" / "report").iterdir()}
    assert {"report.html", "report.json", "junit.xml", "finding-1.py", "finding-1.jsonl"} <= written


def test_an_expected_failure_makes_it_pass(tmp_path: Path) -> None:
    expected = tmp_path / "expected"
    expected.write_text("S-06 we know\n", encoding="utf-8")
    assert main(["conform", WRONG, "--tier", "smoke", "--expected", str(expected)]) == 0


def test_a_trace_of_our_own_is_a_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["conform", WRONG, "--tier", "smoke", "--report", str(tmp_path)])
    capsys.readouterr()
    code = main(["conform", str(tmp_path / "finding-1.jsonl")])
    assert code == 1
    assert "S-06" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "what is to be judged? Give MODULE:FACTORY"),
        (("nothing.log",), "nothing.log: there is no such file"),
        (("nowhere:Factory",), "nowhere:Factory cannot be loaded: ModuleNotFoundError"),
        (("sessioncore.core:IBM_GUIDE",), "is no factory"),
        ((OURS, "--expected", "nowhere"), "nowhere: cannot be read"),
        ((OURS, "--power"), "--power judges the kit and not"),
        (("--power", "--tier", "learn"), "--power measures smoke, standard"),
        (("README.md", "--tier", "smoke"), "a log is judged by the tier log alone"),
        (("README.md",), "line 1"),
        (("http://127.0.0.1:1", "--short-job", "README.md"), "README.md: is not JSON"),
        (("http://127.0.0.1:1", "--failing-job", "nowhere.json"), "nowhere.json: cannot be read"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conform", *arguments]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_a_service_that_is_not_there_is_a_verdict_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "http://127.0.0.1:1", "--tier", "smoke"]) == 1
    assert "cannot connect to http://127.0.0.1:1" in capsys.readouterr().out

"""``sessioncore conform``: what it takes, what it refuses in one line, what it exits with."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from sessioncore.cli import main
from sessioncore.cli.conform import in_progress
from sessioncore.conformance.services import SECONDS_MAX

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
        (("a" * 300,), "there is no such file"),
        (("m:" + "a" * 5000,), "cannot be loaded: ModuleNotFoundError"),
        (("nowhere:Factory",), "nowhere:Factory cannot be loaded: ModuleNotFoundError"),
        (("sessioncore.core:IBM_GUIDE",), "cannot be called; give a class or function"),
        ((OURS, "--expected", "nowhere"), "nowhere: cannot be read"),
        ((OURS, "--power"), "--power judges the kit and not"),
        (("--power", "--tier", "learn"), "--power measures smoke, standard"),
        (("README.md", "--tier", "smoke"), "a log is judged by the tier log alone"),
        (("README.md",), "README.md: line 1 of the trace is not JSON"),
        (("README.md",), "a log in a format of its own needs --mapping FILE"),
        (("README.md", "--mapping", "nowhere.toml"), "nowhere.toml: cannot be read (No such file or directory)"),
        (("tests",), "tests: is a folder, and it is no MODULE:FACTORY"),
        ((OURS, "--tier", "log"), "the tier log is not for an object"),
        ((OURS, "--mapping", "m.toml"), "--mapping means nothing here"),
        ((OURS, "--level", "log"), "--level means nothing here"),
        ((OURS, "--report", "README.md/report"), "cannot write the report into README.md/report"),
        (("http://127.0.0.1:1", "--tier", "learn"), "the tier learn is not for a service"),
        (("http://",), "'http://' is no address of a service: write it as http://HOST:PORT"),
        (("http://127.0.0.1:99999",), "is no address of a service"),
        (("ftp://127.0.0.1",), "is no address of a service"),
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


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "this trace is empty"), (b"\xbe\xff\x00" * 9, "this is no text in UTF-8"), (b'{"format":', "is not JSON")],
    ids=["empty", "garbage", "half"],
)
def test_a_file_that_is_no_log_is_named_in_one_line(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "service.log"
    path.write_bytes(content)
    assert main(["conform", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"sessioncore: {path}: ")
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((OURS, "--tier", "unknown"), "argument --tier: invalid choice: 'unknown'"),
        ((OURS, "--seed", "abc"), "argument --seed: 'abc' is not a whole number"),
        ((OURS, "--nonsense"), "unrecognized arguments: --nonsense"),
    ],
)
def test_wrong_arguments_are_one_line_too(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["conform", *arguments])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    assert "--help" in told
    assert told.count("\n") == 1


def test_a_log_of_which_nothing_was_decided_does_not_conform(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, mapping = tmp_path / "service.log", tmp_path / "mapping.toml"
    log.write_text('{"ts": 5, "event": "close", "sid": "s"}\n', encoding="utf-8")
    mapping.write_text(
        '[fields]\nevent = "event"\ntime = "ts"\nsession = "sid"\n[units]\ntime = "s"\n'
        '[events]\n"close" = "CloseRequested answer=accepted"\n', encoding="utf-8"
    )  # fmt: skip
    assert main(["conform", str(log), "--mapping", str(mapping)]) == 1
    told = capsys.readouterr().out
    assert "was not compared to ibm-guide" in told
    assert "inconclusive" in told


def test_a_tier_that_is_named_twice_is_run_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", OURS, "--tier", "smoke", "--tier", "smoke", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["tiers"]) == 1


def test_where_no_service_answers_there_is_nothing_to_judge(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "http://127.0.0.1:1", "--tier", "smoke"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("sessioncore: no service answers at http://127.0.0.1:1 (")
    assert told.err.count("\n") == 1


def test_a_service_that_answers_and_breaks_off_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            with suppress(OSError):  # the end of the test
                while True:
                    server.accept()[0].close()

        Thread(target=hang_up, daemon=True).start()
        assert main(["conform", f"http://127.0.0.1:{port}", "--tier", "smoke"]) == 1
    assert "does not conform" in capsys.readouterr().out


def test_the_help_names_the_time_that_a_tier_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["conform", "--help"])
    assert f"given {SECONDS_MAX:g} to 70 s each on a service" in " ".join(capsys.readouterr().out.split())


def test_progress_tells_what_is_done_before_there_is_anything_to_count() -> None:
    assert in_progress("looking at the service", 0, 0) == "looking at the service ..."
    assert in_progress("smoke", 0, 12) == "smoke: 0 of 12"
    assert in_progress("learn", 1200, 0) == "learn: 1,200"

"""``sessioncore diagram``: its options, and that nonsense is answered in one line with what is accepted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sessioncore.cli import main
from sessioncore.core import AZURE, SCALEWAY, Mode
from sessioncore.diagrams import draw
from sessioncore.trace import Trace, lines_of, read_trace

from .conftest import text


def drawn(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> str:
    """What the command prints."""
    assert main(["diagram", *arguments]) == 0
    return capsysbinary.readouterr().out.decode()


def refused(capsys: pytest.CaptureFixture[str], arguments: Sequence[str], *said: str) -> None:
    """Exit code 2, and a last line that says all of this."""
    try:
        code: object = main(["diagram", *arguments])
    except SystemExit as error:
        code = error.code
    assert code == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    for words in said:
        assert words in last


def test_the_default_is_a_session_of_the_guide_in_dot(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert drawn(capsysbinary) == text("session", "dot")


def test_profile_and_mode_can_be_chosen(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    asked = ("job", "--profile", "scaleway", "--mode", "batch", "--format", "json")
    assert drawn(capsysbinary, *asked) == text("job", "json", SCALEWAY, Mode.BATCH)


@pytest.mark.parametrize(
    ("file", "format"),
    [
        ("x.svg", "svg"),
        ("x.mmd", "mermaid"),
        ("x.puml", "plantuml"),
        ("x.scxml", "scxml"),
        ("x.gv", "dot"),
        ("x.JSON", "json"),
        ("x", "dot"),
    ],
)
def test_the_name_of_the_file_says_the_format(file: str, format: str, tmp_path: Path) -> None:
    assert main(["diagram", "device", "-o", str(tmp_path / file)]) == 0
    assert (tmp_path / file).read_text(encoding="utf-8") == text("device", format)


def test_a_name_that_says_no_known_format_may_be_given_with_one(tmp_path: Path) -> None:
    assert main(["diagram", "device", "--format", "json", "-o", str(tmp_path / "x.xyz")]) == 0
    assert (tmp_path / "x.xyz").read_text(encoding="utf-8") == text("device", "json")


def test_a_name_that_says_no_known_format_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, ["-o", str(tmp_path / "x.xyz")], "x.xyz", ".dot, .svg, .png, .pdf", ".mmd, .puml", "--format")
    assert not (tmp_path / "x.xyz").exists()


def test_against_another_profile(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert drawn(capsysbinary, "--against", "azure") == draw("session", against=AZURE).to("dot")


def test_the_coverage_of_a_trace(capsysbinary: pytest.CaptureFixture[bytes], trace_file: Path, trace: Trace) -> None:
    assert drawn(capsysbinary, "--coverage", str(trace_file)) == draw("session", coverage=trace).to("dot")


def test_the_coverage_of_counts(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    (tmp_path / "counts.json").write_text('{\n "S-01.open": 3\n}', encoding="utf-8")
    expected = draw("session", coverage={"S-01.open": 3}).to("dot")
    assert drawn(capsysbinary, "--coverage", str(tmp_path / "counts.json")) == expected


@pytest.mark.parametrize(("name", "subject"), [("session", "long"), ("job", "third"), ("device", "qpu")])
def test_the_path_of_one_thing_in_a_trace(
    name: str, subject: str, capsysbinary: pytest.CaptureFixture[bytes], trace_file: Path, trace: Trace
) -> None:
    told = drawn(capsysbinary, name, "--trace", str(trace_file), f"--{name}", subject)
    assert told == draw(name, trace=trace, subject=subject).to("dot")


def test_where_a_session_stands_at_the_end_of_a_trace(
    capsysbinary: pytest.CaptureFixture[bytes], trace_file: Path, trace: Trace
) -> None:
    told = drawn(capsysbinary, "--at", str(trace_file), "--session", "short")
    assert told == draw("session", at=trace, subject="short").to("dot")


@pytest.fixture
def service(trace: Trace) -> Iterator[str]:
    """An address where a journal can be read."""

    class Journal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/_sessioncore/journal" else 404)
            self.end_headers()
            self.wfile.write("".join(line + "\n" for line in lines_of(trace)).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Journal) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["", "/", "/_sessioncore/journal"])
def test_where_a_session_stands_in_a_running_service(
    path: str, service: str, capsysbinary: pytest.CaptureFixture[bytes], trace: Trace
) -> None:
    told = drawn(capsysbinary, "--at", service + path, "--session", "short")
    assert told == draw("session", at=trace, subject="short").to("dot")


# --- wrong use ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["planet"], ["planet", "session"]),
        (["--format", "gif"], ["gif", "svg"]),
        (["--profile", "nobody"], ["nobody", "ibm-guide"]),
        (["--against", "nobody"], ["nobody", "azure"]),
        (["--trace", "no-such-file"], ["cannot read no-such-file", "No such file"]),
        (["--coverage", "no-such-file"], ["cannot read no-such-file"]),
        (["--trace", "{here}"], ["cannot read"]),
        (["--trace", "x", "--against", "azure"], ["not allowed with"]),
        (["--session", "long"], ["--session", "add --trace FILE or --at FILE"]),
        (["--trace", "{trace}"], ["2 sessions", "name one of long, short"]),
        (["--trace", "{trace}", "--session", "nobody"], ["no session 'nobody'", "long, short"]),
        (["job", "--trace", "{trace}", "--session", "long"], ["--session", "takes --job"]),
        (["--at", "{trace}", "--session", "nobody"], ["no session 'nobody'", "long, short"]),
        (["--at", "{trace}", "--session", "long", "--format", "scxml"], ["scxml", "take dot, svg"]),
        (["--at", "http://127.0.0.1:9", "--session", "long"], ["no service answers", "--control"]),
    ],
)
def test_wrong_use_is_told_in_one_line(
    arguments: list[str], said: list[str], trace_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"trace": trace_file, "here": trace_file.parent}
    refused(capsys, [argument.format(**places) for argument in arguments], *said)


@pytest.mark.parametrize(
    ("content", "option", "said"),
    [
        (b"hello\n", "--trace", "no trace that can be read: line 1 of the trace is not JSON"),
        (b"", "--trace", "this trace is empty"),
        (b"{}", "--trace", "no trace that can be read"),
        (b"\xff\xfe\x00", "--trace", "is no text"),
        (b"hello\n", "--coverage", "no trace that can be read"),
        (b"[1]", "--coverage", "neither a trace nor a JSON object of row id -> count"),
        (b'{"S-99.fly": 1}', "--coverage", "no chart has a row 'S-99.fly'"),
        (b'{"S-01.open": 1.5}', "--coverage", "whole number"),
        (b"hello\n", "--at", "no trace that can be read"),
    ],
)
def test_a_file_that_is_no_trace_is_refused_with_what_one_is(
    content: bytes, option: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    refused(capsys, [option, str(path)], said)


def test_a_trace_that_does_not_replay_is_refused_with_its_line(
    trace_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = trace_file.read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[2])
    record["session_id"] = "nobody"
    trace_file.write_text("\n".join([*lines[:2], json.dumps(record)]), encoding="utf-8")
    assert len(read_trace(trace_file).entries) == 2
    refused(capsys, ["--trace", str(trace_file), "--session", "long"], "line 2: the core refuses it")

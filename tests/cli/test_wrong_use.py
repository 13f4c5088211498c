"""Wrong use of the command line: exit code 2, one line that says what is wrong and how to mend it, no traceback."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from sessioncore.cli import main
from sessioncore.cli.serve import read_tokens


def sessioncore(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """One call of the command line, as a user makes it."""
    return subprocess.run(
        [sys.executable, "-m", "sessioncore", *arguments], capture_output=True, text=True, timeout=timeout, check=False
    )


def refused(arguments: Sequence[str], *said: str) -> None:
    """The call is wrong use, and its last line says all of ``said``."""
    done = sessioncore(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    for words in said:
        assert words in last


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "no-such-program.py"], ["no-such-program.py", "does not exist"]),
        (["run", "tests"], ["tests", "is a folder"]),
        (["run", "a" * 300], ["does not exist"]),
        (["run", "--report", "", "tests/examples/bell.py"], ["--report ''", "folder"]),
        (["serve", "--store", "sqlite:///x"], ["sqlite:///x", "memory:"]),
        (["serve", "--host", "0.0.0.0"], ["0.0.0.0", "--tokens"]),  # noqa: S104 - it must be refused
        (["serve", "--backend", "fake_nowhere"], ["fake_nowhere"]),
        (["serve", "--backend", "ideal_5", "--backend", "ideal_5"], ["ideal_5", "twice"]),
        (["serve", "--wait", "99"], ["99", "0 to 10"]),
        (["serve", "--wait", "nan"], ["nan", "0 to 10"]),
        (["serve", "--clock", "virtual"], ["--clock virtual", "--control"]),
        (["serve", "--tokens", "no-such-file"], ["no-such-file", "cannot read"]),
        (["serve", "--max-ttl", "1.5h"], ["--max-ttl", "1.5h", "25m"]),
        (["serve", "--max-ttl", "9" * 5000], ["--max-ttl", "'99", "far too long"]),
        (["serve", "--lanes", "9" * 5000], ["--lanes", "1 to 64"]),
        (["serve", "--host", "", "--tokens", "tests/service.py"], ["--host ''", "127.0.0.1"]),
        (["serve", "--host", "\udcff", "--tokens", "tests/service.py"], ["--host '\\udcff'", "UTF-8"]),
        (["serve", "--lanes", "0"], ["--lanes", "1 to 64"]),
        (["serve", "--port", "99999"], ["--port", "99999"]),
        (["serve", "--profile", "nobody"], ["nobody", "ibm-guide"]),
        (["sessions", "close"], ["close", "id"]),
        (["sessions", "--url", "http://127.0.0.1:9"], ["no service", "sessioncore serve"]),
        (["sessions", "--url", "nonsense"], ["nonsense", "http://HOST:PORT"]),
        (["sessions", "--url", "http://[::1"], ["--url", "http://[::1", "http://HOST:PORT"]),
        (["devices", "--url", "http://a b"], ["--url", "http://a b", "http://HOST:PORT"]),
        (["conform", "http://a b"], ["http://a b", "http://HOST:PORT"]),
        (["env", "--url", "http://a:99999"], ["http://a:99999", "http://HOST:PORT"]),
        (["sessions", "show", "\udcff"], ["the id '\\udcff'", "UTF-8"]),
        (["devices", "show", "\udcff"], ["the id '\\udcff'", "UTF-8"]),
        (["devices", "--token", "\udcff"], ["the token '\\udcff'", "header"]),
        (["conform", "http://127.0.0.1:9", "--token", "\udcff"], ["--token '\\udcff'", "header"]),
        (["conform", "http://127.0.0.1:9", "--instance", "\u20ac"], ["--instance '\\u20ac'", "header"]),
        (["env", "--url", "ftp://host"], ["ftp://host", "http://HOST:PORT"]),
        (["diagram", "planet"], ["planet", "session"]),
        (["diagram", "--format", "gif"], ["gif", "svg"]),
        (["diagram", "-o", "no-such-folder/x.dot"], ["no-such-folder/x.dot"]),
        (["fly"], ["fly", "run"]),
        ([], ["COMMAND"]),
    ],
)
def test_wrong_use_is_told_in_one_line(arguments: list[str], said: list[str]) -> None:
    """What is wrong, and what would be right."""
    refused(arguments, *said)


@pytest.mark.parametrize("command", [["conform"], ["explore", "--always"]])
@pytest.mark.parametrize(
    ("module", "said"),
    [("import sys\nsys.exit(0)\n", "exit(0)"), ("def f(:\n", "SyntaxError"), ("1 / 0\n", "ZeroDivisionError")],
)
def test_a_module_that_cannot_be_imported_is_told(
    command: list[str], module: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Also one that would end the program, and by that pass as conforming."""
    name = f"module_{abs(hash((*command, module)))}"
    (tmp_path / f"{name}.py").write_text(module, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main([*command, f"{name}:f"]) == 2
    told = capsys.readouterr().err
    assert f"{name}:f cannot be loaded" in told
    assert said in told
    assert told.count("\n") == 1


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """Whoever is not our service: the address of one who answers everything so, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):  # the end of the test
                while True:
                    with server.accept()[0] as caller:
                        caller.recv(65_536)
                        caller.sendall(raw)
                        caller.shutdown(socket.SHUT_WR)
                        while caller.recv(65_536):  # or what is left of a request would reset the connection
                            pass

        Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def ok(body: bytes, length: int | None = None, status: str = "200 OK") -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n", ok(b"{}", 99), ok(b"{}"), ok(b"null"), ok(b"[]"), ok(b"<html>hello</html>"),
        ok(b"[" * 200_000), ok(b"\xff\xfe"), ok(b'{"workloads": [], "next": 1, "jobs": 5, "devices": [{}]}'),
    ],
    ids=["ssh", "half", "empty", "null", "list", "html", "deep", "garbage", "alike"],
)  # fmt: skip
def test_what_is_no_service_of_ours_is_told(raw: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """By every command, also by those that would only have to do something."""
    with answering(raw) as url:
        for command in ("sessions show x", "sessions close x", "jobs", "jobs result x", "devices", "devices hold x"):
            assert main([*command.split(), "--url", url]) == 2
            told = capsys.readouterr()
            assert told.err.startswith(f"sessioncore: what answers at {url} is no sessioncore service (")
            assert told.err.count("\n") == 1
            assert told.out == ""


@pytest.mark.parametrize("body", [b"{", b"[" * 200_000, b'{"errors": [5]}', b"[5]"])
def test_a_refusal_that_breaks_off_or_is_not_ours_is_told(body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(ok(body, len(body) + 9, "404 Not Found")) as url:
        for arguments in (["sessions", "--url", url], ["diagram", "--at", url]):
            assert main(arguments) == 2
            told = capsys.readouterr().err
            assert told.startswith("sessioncore: the service answered 404")
            assert told.count("\n") == 1


def test_an_empty_page_is_the_last_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it says of a next one."""
    with answering(ok(b'{"workloads": [], "next": {"href": "/"}}')) as url:
        assert main(["sessions", "--url", url]) == 0
    assert capsys.readouterr().out == "no sessions\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell and its devices")
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("doctor >&-", 0, ""),
        ("conform nothing.log 2>&-", 2, ""),
        ("explore --jobs 1 2>&- >&-", 0, ""),
        ("explore --jobs 1 > /dev/full", 2, "sessioncore: No space left on device"),
        ("conform nothing.log 2> /dev/full", 2, ""),
    ],
)
def test_streams_that_are_closed_or_full_are_no_traceback(command: str, code: int, said: str) -> None:
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    shell = ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m sessioncore {command}"]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == bool(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one two three four\n", "line 1"),
        ("a x\n\na y\n", "line 3"),
        ("# nothing\n", "holds no token"),
        ("lonely\n", "line 1"),
        ("a x me master\n", "line 1"),
        ("a x me operator too\n", "line 1"),
    ],
)
def test_a_file_of_tokens_is_read_strictly(text: str, said: str, tmp_path: Path) -> None:
    """The line that is wrong is named."""
    tokens = tmp_path / "tokens"
    tokens.write_text(text, encoding="utf-8")
    refused(["serve", "--tokens", str(tokens)], str(tokens), said)


def test_control_beside_tokens_needs_an_operator(tmp_path: Path) -> None:
    """Or every tenant could read everybody's journal."""
    tokens = tmp_path / "tokens"
    tokens.write_text("a x\nb y me\n", encoding="utf-8")
    refused(["serve", "--control", "--tokens", str(tokens)], str(tokens), "TOKEN INSTANCE USER operator")


def test_a_mark_of_the_byte_order_is_no_part_of_a_token(tmp_path: Path) -> None:
    """As some editors write it in front of the first one."""
    tokens = tmp_path / "tokens"
    tokens.write_text("a x\n", encoding="utf-8-sig")
    assert set(read_tokens(str(tokens))[0]) == {"a"}


@pytest.mark.parametrize(
    "arguments", [["diagram", "--coverage"], ["conform", "http://127.0.0.1:9", "--short-job"],
                  ["conform", "README.md", "--mapping"]]
)  # fmt: skip
def test_json_that_is_nested_too_deeply_is_told(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000, encoding="utf-8")
    assert main([*arguments, str(deep)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"sessioncore: {deep}") or "deep.json: this mapping cannot be read" in told
    assert told.count("\n") == 1


def test_operators_are_named_in_the_file_of_tokens(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("a x\nb y me operator # that is me\nc y me\n", encoding="utf-8")
    known, operators = read_tokens(str(tokens))
    assert {token: who.user for token, who in known.items()} == {"a": "user", "b": "me", "c": "me"}
    assert operators == {known["b"]} == {known["c"]}


def test_a_busy_port_is_told_in_one_line() -> None:
    """And nothing is left running."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(["serve", "--port", str(taken.getsockname()[1])], "cannot listen", "choose another")


def test_a_missing_extra_is_named_with_the_command_that_installs_it() -> None:
    """As where only the core is installed."""
    script = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'qiskit_ibm_runtime' else find(name, *a)\n"
        "from sessioncore.cli import main\n"
        "sys.exit(main(['run', 'tests/examples/bell.py']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr == 'sessioncore: qiskit_ibm_runtime is not installed: pip install "sessioncore[ibm]"\n'

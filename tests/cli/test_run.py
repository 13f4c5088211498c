"""``sessioncore run``: programs of every kind, with the stock client, in real processes."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .test_wrong_use import sessioncore

pytestmark = pytest.mark.stock

BELL = "tests/examples/bell.py"
QUICK = ("--backend", "ideal_5", "--workers", "1")


def program(folder: Path, text: str) -> str:
    """A program of a few lines."""
    path = folder / "program.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_program_ends_with_its_counts_and_a_summary_of_its_session(tmp_path: Path) -> None:
    """stdout is the program's alone; the report holds the summary and a trace that replays."""
    done = sessioncore("run", *QUICK, "--report", str(tmp_path / "report"), BELL)
    assert done.returncode == 0, done.stderr
    assert "counts of 1024 shots" in done.stdout
    assert "session" not in done.stdout.splitlines()[-1] or "Closed" in done.stdout.splitlines()[-1]
    assert "open > active > closed" in done.stderr
    assert "3 completed" in done.stderr
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    (session,) = summary["sessions"]
    assert session["state_reason"] == "closed"
    assert session["jobs"]["completed"] == 3

    from sessioncore.trace import read_trace, replay

    replay(read_trace(tmp_path / "report" / "trace.jsonl"))


def test_the_exit_code_and_the_arguments_are_the_programs(tmp_path: Path) -> None:
    """Also where no session was opened."""
    path = program(tmp_path, "import sys\nprint(sys.argv[1:])\nsys.exit(7)\n")
    done = sessioncore("run", *QUICK, path, "--flag", "word")
    assert done.returncode == 7
    assert done.stdout == "['--flag', 'word']\n"
    assert "no session was opened" in done.stderr


def test_the_summary_is_json_where_asked_for(tmp_path: Path) -> None:
    """After the program's own output."""
    done = sessioncore("run", *QUICK, "--json", program(tmp_path, "print('mine')\n"))
    first, _, rest = done.stdout.partition("\n")
    assert first == "mine"
    assert json.loads(rest)["sessions"] == []


def test_a_program_that_names_its_own_account_never_reaches_the_vendor(tmp_path: Path) -> None:
    """Its HTTPS is refused here, and the message says which arguments to drop."""
    path = program(
        tmp_path,
        "import urllib.request\n"
        "try:\n    urllib.request.urlopen('https://quantum.cloud.ibm.invalid/api')\n"
        "except OSError as error:\n    print(error)\n",
    )
    done = sessioncore("run", *QUICK, path)
    assert "403" in done.stdout
    assert done.stderr.index("quantum.cloud.ibm.invalid") < done.stderr.index("no session was opened"), "at once"
    assert "drop token=" in done.stderr.splitlines()[-1], "and in the end"


def test_an_open_plan_runs_its_jobs_in_job_mode_and_says_so() -> None:
    """S-04 under the guide's profile: the program works, but there is no session."""
    path = "tests/examples/bell.py"
    done = sessioncore("run", *QUICK, "--open-plan", path)
    assert "S-04" in done.stderr
    assert "jobs ran in job mode" in done.stderr


def test_a_prompt_is_seen_before_it_is_answered(tmp_path: Path) -> None:
    """On a terminal, beside the table that is being drawn."""
    path = program(tmp_path, "print('hello', input('name? '))\n")
    command = [sys.executable, "-m", "sessioncore", "run", *QUICK, path]
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = b""
    answered = False
    deadline = time.monotonic() + 60
    while child.poll() is None or select.select([ours], [], [], 0)[0]:
        assert time.monotonic() < deadline, seen
        if select.select([ours], [], [], 0.5)[0]:
            try:
                seen += os.read(ours, 65_536)
            except OSError:
                break
        if b"name? " in seen and not answered:
            answered = True
            os.write(ours, b"Ada\n")
    os.close(ours)
    assert child.wait() == 0
    assert b"hello Ada" in seen


@pytest.mark.parametrize(
    ("number", "before"),
    [(signal.SIGTERM, ()), (signal.SIGHUP, ()), (signal.SIGINT, ("sh", "-c", 'exec "$@" <&-', "sh"))],
)
def test_a_signal_to_us_ends_the_program_and_the_summary_is_still_told(
    number: signal.Signals, before: tuple[str, ...], tmp_path: Path
) -> None:
    """Nothing is left running behind a terminal that was closed, or where there is no stdin at all."""
    path = program(tmp_path, "import os, signal\nprint(os.getpid(), flush=True)\nsignal.pause()\n")
    with started(path, before) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        child.send_signal(number)
        _, told = child.communicate(timeout=60)
    assert child.returncode == 128 + number
    assert "no session was opened" in told
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_nohup_ignores_does_not_reach_the_program(tmp_path: Path) -> None:
    """Not even one that would hear it."""
    path = program(
        tmp_path,
        "import signal, time\n"
        "signal.signal(signal.SIGHUP, lambda *_: print('hung up', flush=True))\n"
        "signal.signal(signal.SIGTERM, lambda *_: exit(0))\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.05)\n",
    )
    with started(path, before=("nohup",)) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGHUP)
        child.send_signal(signal.SIGTERM)
        said, _ = child.communicate(timeout=60)
    assert (child.returncode, said) == (0, "")


@contextmanager
def started(path: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """A run of the program that can be talked to while it goes on. Whatever of it is left in the end is killed."""
    command = [*before, sys.executable, "-m", "sessioncore", "run", *QUICK, path]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **streams, text=True, start_new_session=True) as child:
        try:
            yield child
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def test_the_folder_of_a_report_is_made_before_the_program_runs(tmp_path: Path) -> None:
    """So that no run is lost to a bad name."""
    taken = tmp_path / "taken"
    taken.write_text("", encoding="utf-8")
    done = sessioncore("run", *QUICK, "--report", str(taken), program(tmp_path, "print('ran')\n"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--report" in done.stderr


def test_time_can_be_moved_by_the_program(tmp_path: Path) -> None:
    """With a virtual clock, a session is deactivated and closed by its timers in no time."""
    path = program(
        tmp_path,
        "import json, os, urllib.request\n"
        "from qiskit_ibm_runtime import QiskitRuntimeService, Session\n"
        "def advance(seconds):\n"
        "    url = os.environ['SESSIONCORE_CONTROL_URL'] + '/clock/advance'\n"
        "    token = 'apikey ' + os.environ['QISKIT_IBM_TOKEN']\n"
        "    headers = {'Content-Type': 'application/json', 'Authorization': token}\n"
        "    data = json.dumps({'seconds': seconds}).encode()\n"
        "    urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers, method='POST'))\n"
        "backend = QiskitRuntimeService().least_busy(operational=True, simulator=False)\n"
        "session = Session(backend=backend)\n"
        "advance(1799)\nprint(session.status())\n"
        "advance(1)\nprint(session.status())\n",
    )
    done = sessioncore("run", *QUICK, "--clock", "virtual", path)
    assert done.stdout == "Pending\nClosed\n", done.stderr
    assert "no job was submitted in time" in done.stderr

"""``sessioncore run PROGRAM``: an unmodified vendor program against sessions on this machine."""

from __future__ import annotations

import argparse
import os
import secrets
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessioncore.core.profiles import PROFILES

from .embedded import ENDINGS, Service, open_service
from .live import Display, make_display
from .messages import UsageError, print_json, require, say
from .summary import make_folder, print_summary, summarise, write_report

if TYPE_CHECKING:
    from sessioncore.host import Caller

    from .live import LiveTable

PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy")
STOPPED_BY_SIGNAL = 128
TOKEN_BYTES = 16
PROMPT_S = 0.05


def run(arguments: argparse.Namespace) -> int:
    """Run the program and return its exit code."""
    program = Path(arguments.program)
    if not os.path.isfile(program):  # which is no error for a name that is too long
        what = "is a folder" if os.path.isdir(program) else "does not exist"
        raise UsageError(f"{program} {what}: give the path of a Python program")
    require("qiskit_ibm_runtime", "rich")
    from sessioncore.transports import Guard, Options

    if arguments.report is not None:
        make_folder(arguments.report)
    display = make_display(quiet=arguments.quiet)
    virtual = arguments.clock == "virtual"
    who, token = _local_caller(), secrets.token_hex(TOKEN_BYTES)
    # With a table of tokens the token alone says whose a session is, whatever instance the program names.
    options = Options(control=virtual, tokens={token: who})
    with open_service(arguments, options) as service, Guard(_refused) as guard:
        display.start(service.runtime, who)
        try:
            code = _run_program(arguments, environment(service.server.url, token, guard.url, virtual), display)
        finally:
            display.stop()
        summary = summarise(service.runtime, who)
        if arguments.report is not None:
            write_report(arguments.report, service.runtime, summary)
        _tell(arguments, summary, service)
        if guard.advice is not None:
            say(f"sessioncore: {guard.advice}")
    return code


def _refused(host: str) -> None:
    """Said at once, since the client tries again for half a minute before it tells its user; and whole in the end."""
    say(f"sessioncore: refused to connect to {host}: does this program name an account of its own?")


def _local_caller() -> Caller:
    """Who runs the program: the instance that ``client_environment`` names."""
    from sessioncore.host import Caller
    from sessioncore.transports import LOCAL_INSTANCE

    return Caller(instance=LOCAL_INSTANCE)


def environment(url: str, token: str, guard_url: str, virtual: bool) -> dict[str, str]:
    """The program's environment: the account points here, and HTTPS to anywhere else is refused by the guard."""
    from sessioncore.transports import client_environment

    variables = {name: text for name, text in os.environ.items() if name not in PROXIES}
    variables |= client_environment(url, token=token)
    variables |= {"HTTPS_PROXY": guard_url, "https_proxy": guard_url}
    variables |= {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    variables["PYTHONUNBUFFERED"] = "1"
    if virtual:
        variables["SESSIONCORE_CONTROL_URL"] = f"{url}/_sessioncore"
    return variables


def _run_program(arguments: argparse.Namespace, variables: Mapping[str, str], display: Display) -> int:
    """Start the program, pass signals on, and wait for its end."""
    command = [sys.executable, arguments.program, *arguments.args]
    with _terminal(display) as (streams, relay):
        child = subprocess.Popen(command, env=dict(variables), **streams)  # noqa: S603 - the user's own program
        with _signals_passed_on(child):
            relay(child)
            code = child.wait()
    return STOPPED_BY_SIGNAL - code if code < 0 else code


@contextmanager
def _signals_passed_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """The program decides what these signals mean; we live on to print the summary. What was ignored stays so, as
    ``nohup`` wants it."""

    def pass_on(number: int, _frame: object) -> None:
        # A terminal sends Ctrl-C to the whole group: the program has it already.
        if number != signal.SIGINT or not sys.stdin.isatty():
            child.send_signal(number)

    heard = [number for number in ENDINGS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _terminal(display: Display) -> Iterator[tuple[dict[str, Any], Any]]:
    """Which streams the program gets, and what carries its lines to the display.

    Where a table is being drawn, the program writes to a terminal of its own (it may ask ``isatty``), and its lines
    are shown above the table. Elsewhere it has our streams, and nothing stands between.
    """
    from .live import LiveTable

    if not isinstance(display, LiveTable) or sys.platform == "win32":
        yield {}, lambda _child: None
        return
    import pty

    ours, theirs = pty.openpty()
    streams: dict[str, Any] = {"stderr": theirs}
    if sys.stdout.isatty():
        streams["stdout"] = theirs

    def relay(_child: subprocess.Popen[bytes]) -> None:
        os.close(theirs)
        _relay(ours, display)

    try:
        yield streams, relay
    finally:
        os.close(ours)


def _relay(terminal: int, display: LiveTable) -> None:
    """Show what arrives at our end of a pseudoterminal, until nobody holds the other end.

    Whole lines go above the table; a line that is not ended after :data:`PROMPT_S` is a prompt and is shown as it is.
    """
    rest = b""
    while True:
        if rest and not select.select([terminal], [], [], PROMPT_S)[0]:
            display.prompt(rest.decode(errors="replace"))
            rest = b""
        try:
            data = os.read(terminal, 65_536)
        except OSError:  # EIO: the other end is closed (Linux); elsewhere an empty read says so
            data = b""
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            display.line(line.rstrip(b"\r").decode(errors="replace"))
    if rest:
        display.line(rest.decode(errors="replace"))


def _tell(arguments: argparse.Namespace, summary: dict[str, Any], service: Service) -> None:
    """The end of a run, for people or as JSON."""
    if arguments.quiet:
        return
    if arguments.json:
        print_json(summary)
        return
    if arguments.open_plan:
        job_mode = PROFILES[arguments.profile].plan_denied == "job_mode"
        told = "jobs ran in job mode" if job_mode else "sessions are refused"
        say(f"this instance's plan has no sessions (rule S-04): {told}")
    print_summary(summary)
    devices = ", ".join(backend.name for backend in service.backends)
    say(f"devices: {devices} | profile {arguments.profile}")

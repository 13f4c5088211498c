"""What the command line takes. argparse alone, so that ``--help`` costs next to nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any

from sessioncore import __version__
from sessioncore.core.durations import parse_duration
from sessioncore.core.profiles import PROFILES

DEFAULT_URL = "http://127.0.0.1:8765"
DEFAULT_PORT = 8765
DIAGRAM_FORMATS = ("dot", "svg", "png", "pdf", "mermaid", "plantuml", "scxml", "json")

Command = Callable[[argparse.Namespace], int]


def lazily(module: str, function: str) -> Command:
    """A command whose module is imported when it runs."""

    def command(arguments: argparse.Namespace) -> int:
        found = getattr(import_module(f"sessioncore.cli.{module}"), function)
        code: int = found(arguments)
        return code

    return command


def duration(text: str) -> int:
    """A length of time for an option: ``25m``, ``1h 30m``, or a number of seconds. Microseconds."""
    try:
        return parse_duration(int(text) if text.isascii() and text.isdigit() else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count(least: int, most: int) -> Callable[[str], int]:
    """A whole number from ``least`` to ``most`` for an option."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(
        prog="sessioncore",
        description="Sessions on quantum computers: run programs against them, look at them, draw them.",
    )
    parser.add_argument("--version", action="version", version=f"sessioncore {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_serve(commands)
    _add_env(commands)
    _add_remote(commands)
    _add_diagram(commands)
    doctor = commands.add_parser("doctor", help="what is installed, what is missing, what to do")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    doctor.set_defaults(command=lazily("doctor", "doctor"))
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser(
        "run",
        help="run a Qiskit Runtime program, unmodified, against sessions on this machine",
        description="Starts a runtime on a free port, points the unmodified vendor client at it by environment"
        " variables alone, runs PROGRAM, shows jobs and sessions while it runs and a summary of each session after."
        " The exit code is the program's.",
    )
    _add_service_options(run)
    run.add_argument("--report", metavar="DIR", help="write the trace and the summary into this folder")
    run.add_argument("--json", action="store_true", help="the summary as JSON")
    run.add_argument("--quiet", action="store_true", help="no progress and no summary, only the program's own output")
    run.add_argument("program", metavar="PROGRAM", help="a Python file")
    run.add_argument("args", metavar="ARGS", nargs="...", help="arguments for the program")
    run.set_defaults(command=lazily("run", "run"))


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser(
        "serve",
        help="serve sessions on this machine in the vendor's REST dialect",
        description='Prints "listening on http://HOST:PORT" when ready. SIGTERM lets running jobs end, then exits 0.',
    )
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=count(0, 65535), default=DEFAULT_PORT, help="default: 8765; 0 takes a free one")
    serve.add_argument("--tokens", metavar="FILE", help='who may ask: lines of "TOKEN INSTANCE [USER]" (default: all)')
    serve.add_argument("--control", action="store_true", help="open the routes under /_sessioncore/, to every token")
    waiting = "how long a status answer of an unfinished job may wait for its end (default: 0.1)"
    serve.add_argument("--wait", type=float, default=0.1, metavar="SECONDS", help=waiting)
    _add_service_options(serve)
    serve.set_defaults(command=lazily("serve", "serve"))


def _add_service_options(parser: argparse.ArgumentParser) -> None:
    """What ``run`` and ``serve`` have in common."""
    group = parser.add_argument_group("the service")
    group.add_argument("--store", default="memory:", metavar="URL", help="where to keep sessions and jobs (memory:)")
    add = group.add_argument
    add("--profile", choices=tuple(PROFILES), default="ibm-guide", help="whose rules (default: %(default)s)")
    add("--backend", action="append", metavar="NAME", help="a device to offer; may be given several times")
    add("--lanes", type=count(1, 64), default=1, help="jobs at once on each device (default: 1)")
    add("--interactive-ttl", type=duration, metavar="TIME", help="idle time until a session is deactivated")
    add("--no-submission", type=duration, metavar="TIME", help="how long a session may stay without a job")
    add("--max-ttl", type=duration, metavar="TIME", help="the longest life of a session, and the default")
    add("--open-plan", action="store_true", help="an instance whose plan has no sessions (rule S-04)")
    add("--policy", choices=("fifo", "fair_share"), default="fifo", help="the order of the queue")
    add("--clock", choices=("real", "virtual"), default="real", help="virtual: time moves when told to")
    add("--engine", choices=("process",), default="process", help="where jobs run (default: %(default)s)")
    add("--workers", type=count(1, 64), help="worker processes (default: one per core)")


def _add_env(commands: Any) -> None:
    env = commands.add_parser(
        "env",
        help="the export lines that point the stock client at a running service",
        description='Use it as: eval "$(sessioncore env)"',
    )
    _add_url(env)
    env.add_argument("--instance", help="the instance's CRN or name (default: the local one)")
    env.add_argument("--json", action="store_true", help="as JSON")
    env.set_defaults(command=lazily("remote", "env"))


def _add_url(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", help=f"the service (default: $QISKIT_IBM_URL, else {DEFAULT_URL})")
    parser.add_argument("--token", help="the token to show (default: $QISKIT_IBM_TOKEN, else the local one)")


def _add_remote(commands: Any) -> None:
    for name, things, actions in (
        ("sessions", "sessions and batches", ("list", "show", "close", "cancel")),
        ("jobs", "jobs", ("list", "show", "cancel", "result", "log")),
        ("devices", "devices", ("list", "show", "hold", "release", "pause", "resume", "offline")),
    ):
        parser = commands.add_parser(name, help=f"{things} of a running service: {', '.join(actions)}")
        parser.add_argument("action", choices=actions, nargs="?", default="list", help="default: list")
        parser.add_argument("id", nargs="?", help="which one, for every action but list")
        _add_url(parser)
        parser.add_argument("--json", action="store_true", help="as JSON")
        parser.set_defaults(command=lazily("remote", name))


def _add_diagram(commands: Any) -> None:
    diagram = commands.add_parser("diagram", help="draw the chart of a session, a job or a device")
    diagram.add_argument("name", choices=("session", "job", "device"), nargs="?", default="session")
    diagram.add_argument("--format", choices=DIAGRAM_FORMATS, help="default: by the name of FILE, else dot")
    diagram.add_argument("--profile", choices=tuple(PROFILES), default="ibm-guide", help="default: %(default)s")
    diagram.add_argument("--mode", choices=("dedicated", "batch"), default="dedicated", help="default: %(default)s")
    diagram.add_argument("-o", "--output", metavar="FILE", help="write it there instead of to stdout")
    diagram.set_defaults(command=lazily("draw", "diagram"))

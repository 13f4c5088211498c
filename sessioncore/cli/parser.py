"""What the command line takes. argparse alone, so that ``--help`` costs next to nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

from sessioncore import __version__
from sessioncore.core.durations import parse_duration
from sessioncore.core.profiles import PROFILES

DEFAULT_URL = "http://127.0.0.1:8765"
DEFAULT_PORT = 8765
TEXT_MAX = 60
"""The most characters that a number or a length of time takes; Python itself refuses to read thousands of digits."""

TIERS = ("smoke", "standard", "complete", "explore", "parallel", "learn", "log")
LEVELS = ("object", "http", "log")
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
    if len(text) > TEXT_MAX:
        raise argparse.ArgumentTypeError(f"{text[:TEXT_MAX]!r}... is no length of time: it is far too long")
    try:
        return parse_duration(int(text) if text.isascii() and text.isdigit() else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count(least: int, most: int) -> Callable[[str], int]:
    """A whole number from ``least`` to ``most`` for an option."""

    def read(text: str) -> int:
        right = len(text) <= TEXT_MAX and text.isascii() and text.isdigit()
        if not right or not least <= int(text) <= most:
            shown = repr(text) if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]!r}..."
            raise argparse.ArgumentTypeError(f"{shown} is not a whole number from {least} to {most}")
        return int(text)

    return read


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, and where all of them stand."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        self.exit(2, f"sessioncore: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = Parser(
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
    _add_explore(commands)
    _add_conform(commands)
    _add_check(commands)
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
    asks = 'who may ask: lines of "TOKEN INSTANCE [USER [operator]]" (default: all)'
    serve.add_argument("--tokens", metavar="FILE", help=asks)
    opens = "open the routes under /_sessioncore/; with --tokens, to operators alone"
    serve.add_argument("--control", action="store_true", help=opens)
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


def _add_explore(commands: Any) -> None:
    explore = commands.add_parser(
        "explore",
        help="search a small session exhaustively: every state, every event, every property",
        description="Searches the real core, breadth first, up to the names of jobs. Lengths of time are ticks: by"
        " default those of the profile, made as short as their order allows. Exit code 1 if a property does not hold.",
    )
    add = explore.add_argument
    add("--jobs", type=count(1, 8), default=2, metavar="K", help="how many jobs there may be (default: 2)")
    add("--profile", choices=tuple(PROFILES), default="ibm-guide", help="default: %(default)s")
    add("--mode", choices=("dedicated", "batch"), default="dedicated", help="default: %(default)s")
    for name, meaning in (
        ("max-ttl", "the longest life"),
        ("interactive-ttl", "idle time until a session is deactivated"),
        ("no-submission", "how long a session may stay without a job"),
        ("execution-limit", "how long a job may run"),
        ("usage-limit", "how much a session may use"),
    ):
        add(f"--{name}", type=count(0, 99), metavar="TICKS", help=f"{meaning}; 0: off")
    add("--job-limit", type=count(0, 8), metavar="N", help="how many jobs a session takes; 0: off")
    for kind, meaning in (
        ("always", "must hold in every state"),
        ("sometimes", "must hold in at least one"),
        ("eventually", "must hold sooner or later after every state"),
    ):
        told = f"your own property of a World that {meaning}"
        add(f"--{kind}", action="append", metavar="MODULE:FUNCTION", help=told)
    add("--states-max", type=count(1, 10**8), default=10**6, metavar="N", help="give up beyond (default: 1000000)")
    add("--report", metavar="DIR", help="write each counterexample there: a trace, a picture and a test")
    add("--json", action="store_true", help="as JSON")
    explore.set_defaults(command=lazily("search", "explore"))


def _add_conform(commands: Any) -> None:
    conform = commands.add_parser(
        "conform",
        help="judge another implementation: a Python object, a service, or a log",
        description="Judges a target by the rules of specs/ and gives a verdict on each. Exit code 0: no rule failed"
        " that was not expected to; 1: it fell short; 2: wrong use, or no service answers.",
    )
    add = conform.add_argument
    add("target", metavar="TARGET", nargs="?", help="MODULE:FACTORY, http://HOST:PORT, or the file of a trace or log")
    tiers = "smoke, standard, complete, explore, parallel, learn, log (default: standard; for a service, smoke)"
    add("--tier", action="append", metavar="TIER", choices=TIERS, help=tiers)
    add("--profile", choices=tuple(PROFILES), help="by whose rules (default: the trace's, else ibm-guide)")
    add("--seed", type=count(0, 2**32), default=0, metavar="N", help="for what is drawn at random (default: 0)")
    add("--strict", action="store_true", help="to differ on a rule marked D is a failure too")
    add("--expected", metavar="FILE", help="rules that are known to fail: a rule id a line, then why")
    add("--report", metavar="DIR", help="write the report there: HTML, JSON, JUnit XML, a reproducer of each finding")
    add("--json", action="store_true", help="the report as JSON on stdout")
    power = "judge the kit itself: known faults against tiers, legal variants, diagnosis (takes minutes)"
    add("--power", action="store_true", help=power)
    add("--level", action="append", choices=LEVELS, help="with --power: only the faults of this level; may repeat")
    add("--workers", type=count(1, 64), metavar="N", help="with --power: in how many processes (default: one per core)")
    service = conform.add_argument_group("a service")
    _add_url_options(service)
    logs = conform.add_argument_group("a log")
    logs.add_argument("--mapping", metavar="FILE", help="TOML or JSON that explains a log in a format of its own")
    conform.set_defaults(command=lazily("conform", "conform"))


def _add_url_options(service: Any) -> None:
    service.add_argument("--token", help="the token to show (default: $QISKIT_IBM_TOKEN, else the local one)")
    service.add_argument("--instance", help="the instance's CRN (default: the local one)")
    device = "the device to use (default: of those that take sessions, the first with the shortest queue)"
    service.add_argument("--backend", metavar="NAME", help=device)
    payload = "a JSON file with the body of a job that {}"
    service.add_argument("--short-job", metavar="FILE", help=payload.format("ends by itself at once"))
    service.add_argument("--long-job", metavar="FILE", help=payload.format("runs until it is cancelled"))
    fails = "is accepted and fails (default: one with half a circuit, if that does)"
    service.add_argument("--failing-job", metavar="FILE", help=payload.format(fails))
    wait = (
        "how long to wait for one timer in real time; what takes longer is untested (default: 60s). smoke and standard"
        " are given 45 to 70 s each on a service: the report says what there was no time for"
    )
    service.add_argument("--max-wait", type=duration, default=60_000_000, metavar="TIME", help=wait)


def _add_diagram(commands: Any) -> None:
    diagram = commands.add_parser(
        "diagram",
        help="draw the chart of a session, a job or a device",
        description="Draws a chart as the running code has it, and at most one thing over it: another profile, how"
        " often each row answered, the path of a session, or where one stands. Profile and mode are by default those"
        " of the trace, if there is one.",
    )
    add = diagram.add_argument
    add("name", choices=("session", "job", "device"), nargs="?", default="session")
    add("--format", choices=DIAGRAM_FORMATS, help="default: by the name of the output file, else dot")
    add("--profile", choices=tuple(PROFILES), help="default: the trace's, else ibm-guide")
    add("--mode", choices=("dedicated", "batch"), help="default: the session's, else dedicated")
    over = diagram.add_mutually_exclusive_group()
    over.add_argument("--against", choices=tuple(PROFILES), help="another profile: mark what they do differently")
    over.add_argument("--coverage", metavar="FILE", help="a trace, or JSON of row id -> count: often is hot")
    over.add_argument("--trace", metavar="FILE", help="a trace: number the steps of one session, job or device")
    over.add_argument("--at", metavar="TRACE|URL", help="where one stands at a trace's end, or in a running service")
    for name in ("session", "job", "device"):
        add(f"--{name}", metavar="ID", help=f"which {name} of the trace, where there are several")
    add("-o", "--output", metavar="FILE", help="write it there instead of to stdout")
    diagram.set_defaults(command=lazily("draw", "diagram"))


def _add_check(commands: Any) -> None:
    check = commands.add_parser(
        "check",
        help="generate specs and diagrams again, and compare them with those that are kept",
        description="Run it in a checkout of sessioncore. Exit code 0: everything that can be checked here is up to"
        " date; 1: something differs or is missing; 2: this is no checkout.",
    )
    check.add_argument("--write", action="store_true", help="write the generated files where they differ")
    check.add_argument("--json", action="store_true", help="as JSON")
    check.set_defaults(command=lazily("check", "check"))

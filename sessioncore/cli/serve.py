"""``sessioncore serve``: the runtime as a service."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .embedded import ENDINGS, Service, open_service
from .messages import UsageError, in_utf8, require, say

if TYPE_CHECKING:
    from sessioncore.host import Caller

DRAIN_S_MAX = 30.0
"""How long running jobs may take to end after SIGTERM."""

FETCH_S = 3.0
"""How long results can still be fetched after the last job ended."""

WARM_S_MAX = 120.0

OPERATOR = "operator"
"""The word of a file of tokens that opens the control routes to a user."""


def serve(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM, Ctrl-C or the end of the terminal; then let running jobs end, and return 0."""
    require("starlette", "uvicorn", "orjson")
    if not 0 <= arguments.wait <= 10:
        raise UsageError(f"--wait {arguments.wait:g}: use a number of seconds from 0 to 10")
    if arguments.clock == "virtual" and not arguments.control:
        raise UsageError("--clock virtual needs --control: its time moves only through the control routes")
    _check_host(arguments.host)
    tokens, operators = (None, None) if arguments.tokens is None else read_tokens(arguments.tokens)
    if arguments.control and operators == frozenset():
        told = "--control needs an operator: end a line of that file with TOKEN INSTANCE USER operator"
        raise UsageError(f"--tokens {arguments.tokens}: {told}")
    if tokens is None and not _is_loopback(arguments.host):
        raise UsageError(f"--host {arguments.host} can be reached by others: add --tokens FILE, or use 127.0.0.1")
    from sessioncore.transports import Options

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    options = Options(control=arguments.control, tokens=tokens, operators=operators, wait_s=arguments.wait)
    with open_service(arguments, options, host=arguments.host, port=arguments.port) as service:
        for number in ENDINGS:
            # nohup ignores the hangup, and wants it to stay so. A shell ignores Ctrl-C for what it starts with &,
            # where a SIGINT that was sent on purpose must still be heard.
            if number in (signal.SIGINT, signal.SIGTERM) or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda _number, _frame: stop.set())
        _warm_up(service)
        print(f"listening on {service.server.url}", flush=True)
        stop.wait()
        _drain(service, stop)
    return 0


def _drain(service: Service, stop: threading.Event) -> None:
    """Let running jobs end, and their clients fetch what they brought. A second signal cuts it short."""
    devices = service.runtime.devices()
    running = sum(view.running for view in devices)
    queued = sum(view.queue_length for view in devices) - running
    say(f"stopping: no new work; {running} running jobs may end, {queued} queued jobs are dropped")
    service.runtime.shutdown(drain_s=DRAIN_S_MAX)
    if running:
        stop.clear()
        stop.wait(FETCH_S)


def _warm_up(service: Service) -> None:
    """Wait until the workers, which all devices share, are warm, so that the first job is as fast as the next."""
    if sys.stderr.isatty():
        say("warming up the workers ...")
    service.backends[0].wait_warm(WARM_S_MAX)


def _check_host(host: str) -> None:
    """Refuse what would be every interface by accident, or no name at all."""
    if not host.strip():
        raise UsageError(f"--host {host!r}: name an address such as 127.0.0.1; 0.0.0.0 is every one of this machine")
    in_utf8("--host", host)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_tokens(path: str) -> tuple[Mapping[str, Caller], frozenset[Caller]]:
    """Who may ask, and who of them are operators, from a file of lines ``TOKEN INSTANCE [USER [operator]]``.

    ``#`` begins a comment. Whoever is an operator is one with every token that is his.

    Raises :class:`UsageError` that names the line.
    """
    from sessioncore.host import Caller

    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot read the tokens in {path}: {why}") from error
    tokens: dict[str, Caller] = {}
    operators: set[Caller] = set()
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if not 2 <= len(words) <= 4 or words[3:] not in ([], [OPERATOR]):
            raise UsageError(f"{path}, line {number}: write it as TOKEN INSTANCE [USER [{OPERATOR}]]")
        if words[0] in tokens:
            raise UsageError(f"{path}, line {number}: this token stands in the file already")
        who = tokens[words[0]] = Caller(instance=words[1], user=words[2] if len(words) > 2 else "user")
        if words[3:]:
            operators.add(who)
    if not tokens:
        raise UsageError(f"{path} holds no token: write lines of TOKEN INSTANCE [USER [{OPERATOR}]]")
    return tokens, frozenset(operators)

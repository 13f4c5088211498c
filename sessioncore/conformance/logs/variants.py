"""Logs of a correct service that are written differently: none of them may be accused."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final, final

import attrs

from sessioncore.trace import Trace

from .mapping import Mapping
from .rendering import DAEMON, LAB, Service
from .telltale import Beat, beats, trace_again

JITTER_US: Final = 50_000

Rewrite = Callable[[list[str], Random], list[str]]


@final
@attrs.frozen(kw_only=True)
class LogVariant:
    """One way in which a correct service may log. ``changes`` are the keys of the mapping that say so."""

    name: str
    service: Service
    changes: dict[str, Any] = attrs.field(factory=dict)
    retell: Callable[[list[Beat], Random], list[Beat]] = lambda told, _: told
    """What becomes of the things told, before they are written."""
    rewrite: Rewrite = lambda lines, _: lines
    """What becomes of the lines, once they are written."""

    def log(self, trace: Trace, seed: int = 0) -> tuple[list[str], Mapping]:
        """The lines that this service would write of the trace, and the mapping by which to read them."""
        rng = Random(seed)  # noqa: S311 - variants to try things on
        told = trace_again(self.retell(beats(trace), rng), trace)
        return self.rewrite(self.service.log(told), rng), self.service.mapping(**self.changes)


def _start_lines_lost(lines: list[str], rng: Random) -> list[str]:
    return [line for line in lines if not ("job.running" in line or " started" in line) or rng.random() < 0.6]


def _shuffled(lines: list[str], rng: Random) -> list[str]:
    """Lines written a little late each, so that those close together change places."""
    found = [(json.loads(line)["ts"], line) for line in lines]
    delayed = [(_micros(when) + rng.randint(0, JITTER_US), number) for number, (when, _) in enumerate(found)]
    return [lines[number] for _, number in sorted(delayed)]


def _micros(when: str) -> int:
    hours, minutes, seconds = when[11:26].split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000_000 + round(float(seconds) * 1_000_000)


def _coarse_json(lines: list[str], rng: Random) -> list[str]:  # noqa: ARG001 - every variant may draw
    return [json.dumps({**json.loads(line), "ts": json.loads(line)["ts"][:19] + "Z"}) for line in lines]


def _coarse_text(lines: list[str], rng: Random) -> list[str]:  # noqa: ARG001 - every variant may draw
    return [line[:20] + line[27:] for line in lines]


def _chatty(lines: list[str], rng: Random) -> list[str]:
    """Other lines in between, and fields that nobody asked for."""
    found: list[str] = []
    for line in lines:
        said = json.loads(line)
        if rng.random() < 0.3:
            other = rng.choice(("gc.run", "cache.miss"))
            found.append(json.dumps({"ts": said["ts"], "event": other, "took": rng.random()}))
        found.append(json.dumps({**said, "host": "node-7", "trace": {"span": rng.randint(1, 99)}}))
    return found


def _beating(lines: list[str], rng: Random) -> list[str]:
    return [one for line in lines for one in ([line, "heartbeat ok"] if rng.random() < 0.3 else [line])]


def _other_ids(told: list[Beat], rng: Random) -> list[Beat]:
    """Long ids in place of short ones."""
    names: dict[str, str] = {}
    found = []
    for beat in told:
        ids = {name: getattr(beat.what, name) for name in ("session_id", "job_id") if getattr(beat.what, name, None)}
        for one in ids.values():
            names.setdefault(one, f"{rng.getrandbits(64):016x}-{one}")
        found.append(beat.changed(**{name: names[one] for name, one in ids.items()}) if ids else beat)
    return found


def _skewed(lines: list[str], rng: Random) -> list[str]:
    """A clock that is up to 50 ms off, now this way and now that; the lines keep their order."""
    found = []
    for line in lines:
        said = json.loads(line)
        at = _micros(said["ts"]) + rng.randint(-JITTER_US, JITTER_US)
        seconds, micros = divmod(at, 1_000_000)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}"
        found.append(json.dumps({**said, "ts": f"{said['ts'][:11]}{clock}+00:00"}))
    return found


def _cut(lines: list[str], rng: Random) -> list[str]:
    """The log begins later and ends earlier than the service did."""
    return lines[rng.randint(0, len(lines) // 3) : len(lines) - rng.randint(0, len(lines) // 3)]


def _numbered(lines: list[str], rng: Random) -> list[str]:
    """Numbered lines, some of which are lost."""
    found = [json.dumps({**json.loads(line), "n": number}) for number, line in enumerate(lines)]
    return [line for line in found if rng.random() > 0.04]


_LAB_FIELDS = {
    "event": "event", "time": "ts", "session": "sid", "job": "job", "answer": "http", "code": "error.code",
    "mode": "mode", "max_ttl": "ttl", "state": "state", "accepting_jobs": "accepting", "state_reason": "why",
    "job_status": "status",
}  # fmt: skip

VARIANTS: Final = (
    LogVariant(
        name="start lines are lost", service=LAB, changes={"missing": ["JobStarted"]}, rewrite=_start_lines_lost
    ),
    LogVariant(name="start lines are lost from text", service=DAEMON, rewrite=_start_lines_lost),
    LogVariant(
        name="lines within 50 ms change places", service=LAB, changes={"reordered_within": "50ms"}, rewrite=_shuffled
    ),
    LogVariant(name="times in whole seconds", service=LAB, changes={"resolution": "1s"}, rewrite=_coarse_json),
    LogVariant(
        name="text with times in whole seconds",
        service=DAEMON,
        changes={"units": {"time": "%d/%b/%Y %H:%M:%S"}},
        rewrite=_coarse_text,
    ),
    LogVariant(name="unknown lines and fields", service=LAB, rewrite=_chatty),
    LogVariant(name="heartbeats between the lines", service=DAEMON, rewrite=_beating),
    LogVariant(name="long ids", service=LAB, retell=_other_ids),
    LogVariant(name="a clock 50 ms off", service=LAB, changes={"clock_tolerance": "50ms"}, rewrite=_skewed),
    LogVariant(name="begun late and cut short", service=LAB, rewrite=_cut),
    LogVariant(
        name="numbered lines, some lost",
        service=LAB,
        changes={"fields": {**_LAB_FIELDS, "seq": "n"}},
        rewrite=_numbered,
    ),
)
"""Every variant; each must pass whatever the program was."""

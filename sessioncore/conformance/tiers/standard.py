"""The tiers that need nothing but cases: ``smoke`` and ``standard``."""

from __future__ import annotations

from collections.abc import Iterator

from sessioncore.core.profiles import Profile

from ..cases import Case
from ..model import device_scope, model_of, session_scope, shared_scope
from .crossed import crossed
from .edges import Kind, edges, silences
from .particular import particular
from .tours import covering, tours

SMOKE_PARTICULARS = 3
"""Of how many cases with the same first word ``smoke`` takes the first ones."""


def smoke(profile: Profile, lanes: int = 1) -> Iterator[Case]:
    """Every configuration and every row that small scopes reach once, and a few cases for each rule beyond them."""
    yield from covering(model_of(session_scope(profile)))
    yield from covering(model_of(shared_scope(profile, lanes=lanes)))
    taken: dict[str, int] = {}
    for case in particular(profile):
        word = case.name.split()[0]
        taken[word] = taken.get(word, 0) + 1
        if taken[word] <= SMOKE_PARTICULARS:
            yield case


def standard(profile: Profile, lanes: int = 1) -> Iterator[Case]:
    """All transitions and all sneak paths of the small scopes, every timer before, at and after its deadline, ties,
    long silences, what no small scope has, and what several of them would have only together. Short cases first, so
    that what fails is short. With two sessions, sneak paths do not tell how a finished job ended: with one they do."""
    shown = set()
    for case in _cases(profile, lanes):
        if case.events not in shown:
            shown.add(case.events)
            yield case


def _cases(profile: Profile, lanes: int) -> Iterator[Case]:
    yield from smoke(profile, lanes)
    yield from particular(profile)
    seen: set[Kind] = set()
    for scope in (session_scope(profile), shared_scope(profile, lanes=lanes)):
        yield from edges(model_of(scope), seen)
        yield from silences(model_of(scope))
    for scope in (session_scope(profile), shared_scope(profile, lanes=lanes)):
        yield from tours(model_of(scope))
    yield from tours(model_of(device_scope(profile, lanes=lanes)), coarse=True)
    yield from crossed(profile, lanes)

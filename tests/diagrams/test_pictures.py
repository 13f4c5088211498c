"""What is in a picture: everything that the chart says and the profile allows, in places, arrows and timers."""

from __future__ import annotations

import re

import pytest

from sessioncore.core import IBM_GUIDE, PROFILES, Disposition, Mode, Profile, StateReason
from sessioncore.diagrams import NAMES, pens
from sessioncore.diagrams.picture import CLOCK_SIGN, length, words
from sessioncore.diagrams.reading import picture_of

from .conftest import text

HALVES = [(profile, mode) for profile in PROFILES.values() for mode in Mode]
IDS_OF_HALVES = [f"{profile.name}-{mode.value}" for profile, mode in HALVES]


@pytest.mark.parametrize(("profile", "mode"), HALVES, ids=IDS_OF_HALVES)
@pytest.mark.parametrize("name", NAMES)
def test_every_row_that_can_apply_is_in_the_picture_and_no_refusal_is(name: str, profile: Profile, mode: Mode) -> None:
    picture = picture_of(name, profile, mode)
    in_arrows = {row.id for arrow in picture.arrows for line in arrow.lines for row in line.rows}
    in_places = {row.id for lines in picture.inner.values() for line in lines for row in line.rows}
    assert in_arrows == {row.id for row in picture.rows if row.target is not None}
    of_nothing = {row.id for row in picture.rows if row.target is None and row.sources == (picture.initial,)}
    expected = {row.id for row in picture.rows if row.target is None}
    assert in_places == (expected if name == "device" else expected - of_nothing)
    assert all(row.disposition is not Disposition.FORBIDDEN for row in picture.rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_drawn_row_can_be_read_in_the_dot(name: str) -> None:
    picture, drawn = picture_of(name, IBM_GUIDE, Mode.DEDICATED), text(name, "dot")
    for arrow in picture.arrows:
        for line in arrow.lines:
            assert all(f"{row.id}: {row.says}" in drawn for row in line.rows)
            assert line.ids in drawn


def test_accepting_and_closing_stand_in_frames_side_by_side() -> None:
    drawn = text("session", "dot")
    assert "subgraph cluster_accepting" in drawn
    assert "subgraph cluster_closing" in drawn
    assert "{rank=same; active; active_draining}" in drawn


def test_the_guides_picture_is_as_simple_as_the_guide() -> None:
    """Limits that the profile does not set, and states that nothing leads to, are left out."""
    picture = picture_of("session", IBM_GUIDE, Mode.DEDICATED)
    assert not any(row.id.startswith("S-25") for row in picture.rows)
    assert [timer.label for timer in picture.timers] == ["max TTL", "interactive TTL", "no submission"]
    assert [timer.length for timer in picture.timers] == ["8 h", "60 s", "30 min"]
    at_creation = picture_of("session", PROFILES["scaleway"], Mode.DEDICATED)
    assert [state.value for state in at_creation.states] == ["none", "active", "active_draining", "closed"]


def test_a_limit_that_a_profile_sets_is_drawn() -> None:
    limited = IBM_GUIDE.with_values(job_limit=3, usage_limit=5_000_000)
    picture = picture_of("session", limited, Mode.DEDICATED)
    assert {"S-25.last-open", "S-25.usage-limit"} <= {row.id for row in picture.rows}
    assert "the last allowed" in text("session", "dot", limited)


def test_a_row_that_leaves_a_whole_frame_is_one_arrow_from_the_frame() -> None:
    arrows = picture_of("session", IBM_GUIDE, Mode.DEDICATED).arrows
    ends = {(arrow.source, arrow.reason) for arrow in arrows if arrow.target == "closed" and arrow.timer is None}
    assert ends == {
        ("live", StateReason.CANCELLED),
        ("accepting", StateReason.CLOSED),
        ("closing", StateReason.CLOSED),
    }


def test_arrows_with_the_same_ends_and_reason_are_one_arrow() -> None:
    for name in NAMES:
        arrows = picture_of(name, IBM_GUIDE, Mode.DEDICATED).arrows
        assert len({(arrow.source, arrow.target, arrow.reason, arrow.timer) for arrow in arrows}) == len(arrows)


def test_end_reasons_are_told_apart_by_colour_and_by_line_style() -> None:
    drawn = pens.PENS
    assert set(drawn) == set(StateReason)
    assert len({pen.color for pen in drawn.values()}) == len(drawn)
    assert len({(pen.style, pen.twice, pen.head) for pen in drawn.values()}) == len(drawn)


def test_a_timer_is_drawn_as_a_clock_that_says_how_long_it_runs_and_when() -> None:
    drawn = text("session", "dot")
    assert f"{CLOCK_SIGN} interactive TTL: 60 s" in drawn
    assert "while it has no work" in drawn
    assert "active -> timer_InteractiveTtlExpired" in drawn
    assert "timer_InteractiveTtlExpired -> inactive" in drawn


def test_every_colour_has_another_for_dark_screens() -> None:
    for name in NAMES:
        assert set(re.findall(r"#[0-9a-f]{6}", text(name, "dot"))) <= set(pens.DARK)


def test_words_and_lengths_are_for_people() -> None:
    assert words("MaxTtlExpired") == "max TTL expired"
    assert [length(us) for us in (28_800_000_000, 1_800_000_000, 60_000_000, 1_500_000, 3)] == [
        "8 h",
        "30 min",
        "60 s",
        "1500 ms",
        "3 µs",
    ]

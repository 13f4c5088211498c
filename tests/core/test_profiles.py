"""Semantics, section 3: profiles, their values, and how the services behave that they describe."""

from __future__ import annotations

import pytest

from sessioncore.core import (
    AZURE,
    IBM_GUIDE,
    IBM_TODAY,
    PASQAL_BATCH,
    PROFILES,
    SCALEWAY,
    SESSION_CHART,
    HostError,
    Mode,
    Parameters,
    Profile,
    job_chart,
    session_chart,
)
from sessioncore.core.profiles import LIMITS, SWITCHES

from .session_bench import HOUR, MINUTE, SECOND, Bench, device


@pytest.mark.rule("S-03", "S-13", "S-16", "J-05")
def test_the_guides_profile_is_the_default_and_has_the_guides_values() -> None:
    assert device().core.profile is IBM_GUIDE
    for half in (IBM_GUIDE.dedicated, IBM_GUIDE.batch):
        durations = (half.max_ttl, half.interactive_ttl, half.no_submission, half.execution_limit)
        assert durations == (8 * HOUR, 60 * SECOND, 30 * MINUTE, 3 * HOUR)
        assert (half.job_limit, half.usage_limit) == (None, None)
        assert (half.start_event, half.idle_from, half.idle_action) == ("first_dispatch", "work_ran_out", "deactivate")
        assert (half.queued_at_end, half.on_device_at_end, half.failure_policy) == ("fail", "finish", "continue")
        assert half.status_names == "ibm"


@pytest.mark.rule("D-01", "D-04", "U-01", "U-02")
def test_the_guides_batch_is_shared_and_counted_by_lanes_and_its_dedicated_session_is_neither() -> None:
    assert (IBM_GUIDE.dedicated.exclusive, IBM_GUIDE.dedicated.usage) == ("yes", "windows")
    assert (IBM_GUIDE.batch.exclusive, IBM_GUIDE.batch.usage) == ("no", "lanes")
    assert IBM_GUIDE.half(Mode.BATCH) is IBM_GUIDE.batch
    assert IBM_GUIDE.half(Mode.DEDICATED) is IBM_GUIDE.dedicated


@pytest.mark.rule("S-04")
def test_five_profiles_are_known_by_name_and_three_say_what_is_not_known_about_them() -> None:
    assert list(PROFILES) == ["ibm-guide", "ibm-today", "azure", "scaleway", "pasqal-batch"]
    assert all(PROFILES[name].name == name for name in PROFILES)
    assert [name for name, profile in PROFILES.items() if profile.unknown] == ["azure", "scaleway", "pasqal-batch"]
    assert IBM_TODAY.unknown == ()


@pytest.mark.rule("S-03")
@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("limit", [0, -1, 1.0, True, "1"])
def test_a_profile_is_never_built_on_a_limit_that_makes_no_sense(name: str, limit: object) -> None:
    with pytest.raises(HostError, match=f"{name} must be a whole number of at least 1, or None"):
        Parameters(**{name: limit})  # type: ignore[arg-type]  # that is the question


@pytest.mark.rule("S-03")
@pytest.mark.parametrize("name", SWITCHES)
def test_a_profile_is_never_built_on_a_setting_that_its_switch_has_not(name: str) -> None:
    with pytest.raises(HostError, match=f"{name} can be {' or '.join(SWITCHES[name])}; it is 'perhaps'"):
        Parameters(**{name: "perhaps"})  # type: ignore[arg-type]  # that is the question


@pytest.mark.rule("S-03")
def test_a_profile_with_some_values_changed_has_them_in_both_halves_and_is_checked_again() -> None:
    changed = IBM_GUIDE.with_values(interactive_ttl=5 * SECOND)
    assert changed.dedicated.interactive_ttl == changed.batch.interactive_ttl == 5 * SECOND
    assert changed.batch.exclusive == "no"
    assert IBM_GUIDE.dedicated.interactive_ttl == 60 * SECOND
    with pytest.raises(HostError):
        IBM_GUIDE.with_values(interactive_ttl=0)
    with pytest.raises(TypeError):
        IBM_GUIDE.with_values(patience=1)


@pytest.mark.rule("S-03")
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_charts_can_be_specialised_to_every_profile_and_keep_no_switch(profile: Profile) -> None:
    for half in (profile.dedicated, profile.batch):
        for chart in (session_chart(half.switches), job_chart(half.switches)):
            assert all(atom.read is not None for atom in chart.atoms)
            assert not any(name in SWITCHES for row in chart.rows for name, _ in row.guard)
            for name, setting in chart.switches:
                assert setting == getattr(half, name)
    assert {name for name, _ in session_chart(profile.dedicated.switches).switches} == {
        atom.name for atom in SESSION_CHART.atoms if atom.read is None
    }


def _azure() -> Bench:
    return device(lanes=2, profile=AZURE)


@pytest.mark.rule("V-01", "S-14")
def test_azure_a_session_ten_minutes_without_submission_has_timed_out() -> None:
    bench = _azure()
    bench.at(0).open("s")
    assert bench.status("s") == "Waiting"
    bench.at(0).submit("a", "s")
    assert bench.status("s") == "Executing"
    bench.at(100).succeed("a")
    bench.at(600).nothing()
    assert (bench.reason("s"), bench.status("s")) == ("interactive_ttl", "TimedOut")


@pytest.mark.rule("V-01", "S-24")
@pytest.mark.parametrize(
    ("ends", "status"),
    [
        (("succeed", "succeed"), "Succeeded"),
        (("succeed", "fail"), "Failure(s)"),
        (("fail", "fail"), "Failed"),
        ((), "Succeeded"),
    ],
)
def test_azure_the_final_name_depends_on_how_the_jobs_ended(ends: tuple[str, ...], status: str) -> None:
    bench = _azure()
    bench.at(0).open("s")
    for number, end in enumerate(ends):
        bench.at(number).submit(f"j{number}", "s")
        getattr(bench.at(number, 1), end)(f"j{number}")
    bench.at(10).close("s")
    assert bench.status("s") == status


@pytest.mark.rule("V-01", "S-24")
def test_azure_a_session_that_a_failure_ended_has_failed() -> None:
    bench = device(lanes=2, profile=AZURE, failure_policy="abort")
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).succeed("a").fail("b")
    assert (bench.reason("s"), bench.status("s")) == ("job_failed", "Failed")


@pytest.mark.rule("S-10", "S-14", "S-09")
def test_scaleway_a_session_lives_59_minutes_from_its_creation_and_idle_ones_end() -> None:
    bench = device(profile=SCALEWAY)
    bench.at(0).open("s").open("t")
    bench.at(10).submit("a", "s")
    bench.at(3540).nothing()
    assert (bench.reason("s"), bench.reason("t")) == ("max_ttl", "max_ttl")
    short = device(profile=SCALEWAY, interactive_ttl=MINUTE)
    short.at(0).open("s")
    short.at(60).nothing()
    assert short.reason("s") == "interactive_ttl"


@pytest.mark.rule("S-17", "S-22", "S-13")
def test_pasqal_an_open_batch_has_no_idle_timer_close_drains_and_cancel_cancels() -> None:
    bench = device(profile=PASQAL_BATCH)
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    assert bench.core.next_deadline() is None
    bench.at(10**6).submit("b", "s").submit("c", "s").submit("other").close("s")
    assert bench.state("s") == "active_draining"
    bench.at(10**6 + 1).succeed("b")
    assert bench.running() == ["c"], "exclusive until closed and done"
    bench.at(10**6 + 2).succeed("c")
    assert bench.running() == ["other"]
    cancelled = device(profile=PASQAL_BATCH)
    cancelled.at(0).open("s").submit("a", "s").submit("b", "s")
    cancelled.at(1).cancel("s")
    assert [cancelled.job(name).status for name in "ab"] == ["running", "cancelled"]

"""``sessioncore explore``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessioncore.cli import main


def test_it_tells_how_much_was_seen_and_what_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--jobs", "1"]) == 0
    told = capsys.readouterr().out
    assert "one dedicated session of ibm-guide with up to 1 job; in ticks: max_ttl 4, interactive_ttl 1" in told
    assert "states" in told
    assert "holds  eventually  every accepted job ends  [J-01]" in told
    assert "FAILS" not in told


@pytest.mark.parametrize("profile", ["ibm-today", "azure", "scaleway", "pasqal-batch"])
def test_every_profile_can_be_explored(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--profile", profile, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["states"] > 50
    assert all(one["holds"] for one in found["properties"])


def test_a_batch_with_budgets_can_be_explored(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--mode", "batch", "--usage-limit", "3", "--job-limit", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ticks"]["usage_limit"] == 3
    assert found["ticks"]["job_limit"] == 2


def test_a_timer_can_be_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--jobs", "1", "--max-ttl", "0", "--execution-limit", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ticks"]["max_ttl"] is None


PROPERTIES = '''
def one_at_a_time(world):
    return world.core.sessions["s"].on_device < 2

def three_at_once(world):
    return world.core.sessions["s"].on_device > 2

def broken(world):
    raise RuntimeError("oops")
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module with properties of the user's own, in the working directory; its name."""
    (tmp_path / "my_properties.py").write_text(PROPERTIES)
    monkeypatch.chdir(tmp_path)
    return "my_properties"


def test_a_property_that_fails_is_shown_with_the_shortest_way_and_the_exit_code_is_1(
    own: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explore", "--always", f"{own}:one_at_a_time", "--sometimes", f"{own}:three_at_once"]) == 1
    told = capsys.readouterr().out
    assert f"FAILS  always      {own}:one_at_a_time" in told
    assert "4 JobStarted:done j2" in told
    assert f"sometimes {own}:three_at_once: it never happened" in told


def test_a_report_has_a_trace_a_picture_and_a_test_that_fails(
    own: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explore", "--always", f"{own}:one_at_a_time", "--report", "found", "--json"]) == 1
    written = json.loads(capsys.readouterr().out)["report"]
    assert sorted(Path(name).name for name in written) == ["1.jsonl", "1.svg", "test_1.py"]
    assert "<svg" in (tmp_path / "found" / "1.svg").read_text()
    space: dict[str, object] = {"__name__": "found"}
    exec((tmp_path / "found" / "test_1.py").read_text(), space)  # noqa: S102 - the text is what is tested
    (test,) = [thing for name, thing in space.items() if name.startswith("test_")]
    with pytest.raises(AssertionError):
        test()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--jobs", "9"], "'9' is not a whole number from 1 to 8"),
        (["--profile", "nobody"], "invalid choice: 'nobody'"),
        (["--max-ttl", "1h"], "'1h' is not a whole number from 0 to 99"),
    ],
)
def test_nonsense_is_answered_with_what_is_accepted(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explore", *arguments])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--always", "nowhere:x"], "nowhere:x cannot be loaded: ModuleNotFoundError"),
        (["--always", "my_properties:PROPERTIES"], "give a function that takes a World"),
        (["--always", "my_properties:__name__"], "cannot be called"),
        (["--always", "my_properties:broken"], "my_properties:broken failed at"),
        (["--states-max", "20"], "more than 20 states; explore fewer jobs or shorter timers"),
    ],
)
@pytest.mark.usefixtures("own")
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explore", *arguments]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1

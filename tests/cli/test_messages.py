"""How the command line speaks to people."""

from __future__ import annotations

import argparse
import json

import pytest

from sessioncore.cli.messages import moment, print_table
from sessioncore.cli.remote import _show

COLUMNS = ("session", "device", "status", "created")
ROW = ("4f0c2e3a-0c1b-4b7e-9a52-d7f7a1b2c3d4", "ideal_127", "Pending", "2026-11-29 13:40:02")


def table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int | None) -> str:
    """The table on a terminal of so many columns, or (None) in a pipe."""
    monkeypatch.setenv("NO_COLOR", "1")
    if columns is not None:
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("COLUMNS", str(columns))
    print_table(COLUMNS, [ROW], empty="nothing", spare=("created", "device"))
    return capsys.readouterr().out


def test_a_table_that_fits_is_shown_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = table(monkeypatch, capsys, 100)
    assert all(cell in told for cell in (*COLUMNS, *ROW))
    assert "no room" not in told


@pytest.mark.parametrize(("columns", "left_out"), [(80, "created"), (55, "created, device")])
def test_on_a_narrow_terminal_columns_are_left_out_and_none_is_folded(
    columns: int, left_out: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = table(monkeypatch, capsys, columns)
    assert f"no room for {left_out}: --json has everything" in told
    line = next(line for line in told.splitlines() if ROW[0] in line)
    assert ROW[2] in line
    assert (ROW[1] in line) == ("device" not in left_out)


def test_a_pipe_has_no_width(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert all(cell in table(monkeypatch, capsys, None) for cell in ROW)


def test_times_are_told_to_the_second() -> None:
    assert moment("2026-11-29T13:40:02.123456Z") == "2026-11-29 13:40:02"
    assert moment(None) == ""


def test_of_one_thing_each_field_that_says_something_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    thing = {"id": "a", "tags": ["x", "y"], "ended": None, "state": {"status": "Queued", "reason": ""}, "none": []}
    assert _show(argparse.Namespace(json=False), thing) == 0
    assert capsys.readouterr().out == "id            a\ntags          x, y\nstate.status  Queued\n"
    assert _show(argparse.Namespace(json=True), thing) == 0
    assert json.loads(capsys.readouterr().out) == thing

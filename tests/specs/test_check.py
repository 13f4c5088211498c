"""What the checks find in a damaged checkout, and what mends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sessioncore import diagrams
from sessioncore.checks import CHECKS, Checker, Made, find_checkout, markers, properties, reasons, run_checks
from sessioncore.checks.compare import DIFF_LINES_MAX, LINE_CHARS_MAX, short_diff
from sessioncore.core import BackendError
from sessioncore.explore import tlc

from .checkout import ROOT, copy_checkout, damage, run


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which everything is as it is generated now; made once, since that takes seconds."""
    return copy_checkout(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def root(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    shutil.copytree(sound, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


# --- generated places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "old", "new"),
    [
        ("session", "specs/session.md", "| any live | **closed** |", "| any live | **open** |"),
        ("session", "specs/session.md", "`started_at + max_ttl` | [S-10]", "`created_at + max_ttl` | [S-10]"),
        ("job", "specs/job.md", "never: the host's error", "stays"),
        ("device", "specs/device.md", "| by_another |", "| by_nobody |"),
        ("rest", "specs/rest.md", "| create_job | caller |", "| create_job | public |"),
        ("rules", "specs/rules.md", "| G/P | A plan without sessions |", "| G | A plan without sessions |"),
        ("traceability", "specs/traceability.md", "<br>[core/test_step]", "<br>[core/test_nothing]"),
    ],
)
def test_a_damaged_table_is_found_shown_and_mended(root: Path, name: str, path: str, old: str, new: str) -> None:
    if name == "device":
        old, new = "by_another", "by_nobody"
    whole = (root / path).read_bytes()
    damage(root, path, old, new)
    found = run(root, name)
    assert found.state == "differs"
    (difference,) = found.differences
    assert difference.path == path
    assert difference.diff.startswith(f"--- {path} (kept)\n+++ {path} (generated)\n")
    assert run(root, name, write=True).written == (path,)
    assert (root / path).read_bytes() == whole


def test_what_people_wrote_is_never_touched(root: Path) -> None:
    damage(root, "specs/session.md", "# The session", "# The session, as we see it")
    before = (root / "specs/session.md").read_bytes()
    assert run(root, "session", write=True).written == ()
    assert (root / "specs/session.md").read_bytes() == before


def test_a_difference_in_line_ends_only_is_told_as_such(root: Path) -> None:
    page = root / "specs" / "job.md"
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
    (difference,) = run(root, "job").differences
    assert difference.diff == "specs/job.md differs in blanks or line ends only"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<!-- generated: job timers -->\n", "", "there is no place for 'job timers'"),
        ("<!-- end generated -->\n\n### Guards", "### Guards", "the place 'job timers' has no end"),
        ("<!-- generated: job timers -->", "<!-- generated: job clocks -->", "nothing generates 'job clocks'"),
        ("## The chart", "<!-- end generated -->", "without a beginning"),
        (
            "## The chart",
            "<!-- generated: job timers -->\n<!-- end generated -->",
            "the place 'job timers' stands twice",
        ),
    ],
)
def test_a_damaged_marker_is_told_and_the_page_is_left_alone(root: Path, old: str, new: str, said: str) -> None:
    damage(root, "specs/job.md", old, new)
    before = (root / "specs/job.md").read_bytes()
    found = run(root, "job", write=True)
    assert not found.passed
    assert any(said in problem for problem in found.problems), found.problems
    assert (root / "specs/job.md").read_bytes() == before


def test_a_place_that_is_never_closed_is_told() -> None:
    _, problems = markers.fill(f"{markers.begin('a')}\nold\n", {"a": lambda: "new"})
    assert problems == ["the place 'a' has no end: write <!-- end generated --> after it"]


def test_a_missing_page_and_one_that_is_no_text_are_told(root: Path) -> None:
    (root / "specs" / "rest.md").unlink()
    (root / "specs" / "job.md").write_bytes(b"\xff\xfe")
    assert run(root, "rest").problems == ("specs/rest.md is missing: a person has to write it",)
    assert run(root, "job").problems == ("specs/job.md is not UTF-8 text: save it as UTF-8",)
    assert "specs/job.md is not UTF-8 text: save it as UTF-8" in run(root, "rules").problems


def test_a_request_that_nobody_describes_is_told(root: Path) -> None:
    damage(root, "specs/rest.md", '<a id="op-set-tags"></a>', "")
    (problem,) = run(root, "rest").problems
    assert "PUT /jobs/{id}/tags is not described" in problem


# --- rules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "rule"), [("session.md", "S-06"), ("session.md", "V-03"), ("job.md", "J-07"), ("device.md", "D-02")]
)
def test_a_rule_that_is_cited_and_written_nowhere_is_found(root: Path, page: str, rule: str) -> None:
    damage(root, f"specs/{page}", f'### <a id="{rule.lower()}"></a>{rule} ·', "### Something else:")
    problems = run(root, "traceability").problems
    assert any(problem.startswith(f"{rule} is named") and f"specs/{page}" in problem for problem in problems)
    assert run(root, "rules").differences


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('<a id="j-02"></a>J-02', "J-02", "J-02 has no anchor of its own"),
        ("J-02 · A queued job is cancelled at once", "J-02", "J-02 has no title"),
        ("**P** Cancelling a queued job", "Cancelling a queued job", "J-02 does not begin with its evidence mark"),
        (" [Proof](traceability.md#j-02).", "", "J-02 does not lead to its proof"),
        ('<a id="j-02"></a>J-02', '<a id="j-01"></a>J-01', "J-01 is written twice"),
        ('<a id="j-02"></a>J-02', '<a id="d-07"></a>D-07', "D-07 is on the wrong page: move it to specs/device.md"),
    ],
)
def test_a_rule_that_is_badly_written_is_told(root: Path, old: str, new: str, said: str) -> None:
    damage(root, "specs/job.md", old, new)
    problems = run(root, "rules").problems
    assert any(said in problem for problem in problems), problems


# --- from rule to proof ---------------------------------------------------------------------------------------


def test_a_rule_with_nothing_behind_it_fails_in_every_column(root: Path) -> None:
    new = (
        '### <a id="s-99"></a>S-99 · New\n\n**D** Nobody has made this. [Proof](traceability.md#s-99).\n\n## Submitting'
    )
    damage(root, "specs/session.md", "## Submitting", new)
    problems = [problem for problem in run(root, "traceability").problems if problem.startswith("S-99")]
    assert [problem.split("'")[1] for problem in problems] == ["chart rows", "code", "tests", "TLA+", "conformance"]


def test_a_rule_whose_tests_are_gone_is_found(tmp_path: Path) -> None:
    root = copy_checkout(tmp_path)
    (root / "tests").unlink()
    (root / "tests").mkdir()
    problems = run(root, "traceability").problems
    assert any(problem.startswith("S-06 has nothing under 'tests'") for problem in problems)
    (root / "tests" / "test_it.py").write_text(
        'import pytest\n\n@pytest.mark.rule("S-06")\ndef test_it() -> None:\n    """As S-08 to S-10 say."""\n',
        encoding="utf-8",
    )
    problems = run(root, "traceability").problems
    for rule in ("S-06", "S-08", "S-09", "S-10"):
        assert not any(problem.startswith(f"{rule} has nothing under 'tests'") for problem in problems)
    assert any(problem.startswith("S-07 has nothing under 'tests'") for problem in problems)


def test_a_reason_stands_in_the_table_and_one_that_is_not_needed_fails(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = (root / "specs" / "traceability.md").read_text(encoding="utf-8")
    assert f"| *{reasons.REASONS['S-02', reasons.ROWS]}* |" in table
    assert "[S-16 from creation](../sessioncore/conformance/tiers/particular.py)" in table
    monkeypatch.setitem(reasons.REASONS, ("S-06", reasons.TESTS), "nobody needs this")  # type: ignore[arg-type]
    assert any("S-06 has something under 'tests' now" in problem for problem in run(root, "traceability").problems)


def test_the_register_says_which_rules_a_property_states(monkeypatch: pytest.MonkeyPatch) -> None:
    register = {
        "A": tlc.Claim("SessionProperties", "S-01 S-03", "state", ()),
        "B": tlc.Claim("DeviceProperties", "S-02 to S-03", "step", ()),
    }
    monkeypatch.setattr(properties, "PROPERTIES", register)
    assert properties.properties() == {
        "S-01": (("A", "SessionProperties"),),
        "S-02": (("B", "DeviceProperties"),),
        "S-03": (("A", "SessionProperties"), ("B", "DeviceProperties")),
    }


# --- diagrams --------------------------------------------------------------------------------------------------


def _draw(folder: Path) -> tuple[Path, ...]:
    (folder / "a.dot").write_bytes(b"digraph a {}\n")
    (folder / "b.bin").write_bytes(b"\xff\x00")
    return (folder / "a.dot", folder / "b.bin")


def test_pictures_are_compared_byte_by_byte(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagrams, "write_all", _draw)
    assert [one.diff for one in run(root, "diagrams").differences] == [
        "diagrams/a.dot is missing",
        "diagrams/b.bin is missing",
    ]
    assert run(root, "diagrams", write=True).written == ("diagrams/a.dot", "diagrams/b.bin")
    assert run(root, "diagrams").state == "ok"
    (root / "diagrams" / "b.bin").write_bytes(b"\xfe")
    assert [one.diff for one in run(root, "diagrams").differences] == [
        "diagrams/b.bin has other bytes: 1 are kept, 2 are generated"
    ]


def test_a_picture_that_nothing_draws_is_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagrams, "write_all", _draw)
    run(root, "diagrams", write=True)
    (root / "diagrams" / "old.svg").write_text("<svg/>", encoding="utf-8")
    assert run(root, "diagrams").problems == ("diagrams/old.svg is drawn by nothing: remove it",)


def test_where_nothing_can_be_drawn_the_check_says_so_and_passes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_folder: Path) -> None:
        raise BackendError("there is no renderer: pip install one")

    monkeypatch.setattr(diagrams, "write_all", fail)
    found = run(root, "diagrams")
    assert (found.passed, found.state) == (True, "unchecked")
    assert found.unchecked == "diagrams/ cannot be drawn here: there is no renderer: pip install one"


def test_a_missing_extra_is_named_but_a_module_of_our_own_must_not_be_missing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        def draw(_folder: Path) -> None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        monkeypatch.setattr(diagrams, "write_all", draw)

    fail("graphviz")
    assert 'graphviz is not installed: pip install "sessioncore[diagrams]"' in run(root, "diagrams").unchecked
    fail("sessioncore.diagrams.gone")
    with pytest.raises(ModuleNotFoundError):
        run(root, "diagrams")


# --- all of them ------------------------------------------------------------------------------------------------


def test_generating_twice_gives_the_same_bytes() -> None:
    # The tests of diagrams say the same of pictures, and test_two_statements compares each edge that TLC finds.
    for checker in CHECKS:
        if checker.name not in ("diagrams", "tla"):
            assert checker.make(ROOT) == checker.make(ROOT)


def test_checks_have_names_of_their_own_and_are_run_in_their_order(root: Path) -> None:
    assert len({checker.name for checker in CHECKS}) == len(CHECKS)
    begun: list[str] = []
    chosen = tuple(Checker(name=name, regenerates="nothing", make=lambda _: Made(files={})) for name in "ba")
    done = [one.name for one in run_checks(root, checks=chosen, begin=lambda checker: begun.append(checker.name))]
    assert begun == done == ["b", "a"]


def test_a_checkout_is_found_from_any_folder_within(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert find_checkout(root / "specs" / "tla" / "deep") == root
    assert find_checkout(tmp_path_factory.mktemp("elsewhere")) is None


def test_a_long_diff_is_cut_and_what_is_left_out_is_counted() -> None:
    kept = "".join(f"{number} {'x' * 500}\n" for number in range(100))
    told = short_diff("a", kept.encode(), kept.replace("x", "y").encode()).splitlines()
    assert len(told) == DIFF_LINES_MAX + 1
    assert told[-1] == f"... and {2 + 1 + 200 - DIFF_LINES_MAX} lines more"
    assert max(map(len, told)) == LINE_CHARS_MAX


def test_a_long_line_is_shown_around_the_place_where_it_differs() -> None:
    kept = f"| S-06 | {'a' * 400} | old {'b' * 400} |\n"
    told = short_diff("a", kept.encode(), kept.replace("old", "new").encode()).splitlines()
    assert told[3].startswith("-| S-06 | aaa")
    assert "a | old b" in told[3]
    assert "a | new b" in told[4]
    assert max(map(len, told)) <= LINE_CHARS_MAX


@pytest.mark.parametrize(("old", "new"), [("same", "same and more"), ("one\ntwo", "one"), ("one", "two\nthree")])
def test_lines_that_come_and_go_are_all_shown(old: str, new: str) -> None:
    before, after = old.split("\n"), new.split("\n")
    told = short_diff("a", f"x\n{old}\ny\n".encode(), f"x\n{new}\ny\n".encode()).splitlines()[3:]
    assert [line[1:] for line in told if line.startswith("-")] == [line for line in before if line not in after]
    assert [line[1:] for line in told if line.startswith("+")] == [line for line in after if line not in before]

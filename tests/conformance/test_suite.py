"""A judged project's own pytest run: one test for every rule, by its id; options, expectations, reports."""

import subprocess
import sys
from pathlib import Path

import pytest

from sessioncore.conformance import RULES, conformance_suite
from sessioncore.conformance.reference import CoreTarget

TESTS = """
from sessioncore.conformance import conformance_suite
from tests.conformance.test_verdicts import TakesJobsAfterTheEnd
from sessioncore.conformance.reference import CoreTarget

test_ours = conformance_suite(CoreTarget, tiers=("smoke",))
test_theirs = conformance_suite(TakesJobsAfterTheEnd, tiers=("smoke",))
"""

test_conformance = conformance_suite(CoreTarget, tiers=("smoke",), strict=True)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """pytest in a folder of its own, as another project would run it."""
    (folder / "test_judged.py").write_text(TESTS, encoding="utf-8")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    judged = str(folder / "test_judged.py")
    return subprocess.run(
        [*command, *options, judged], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )


def test_each_rule_is_a_test_named_by_its_id_and_a_failure_shows_the_steps(tmp_path):
    ran = run(tmp_path, "--conform-report", str(tmp_path / "report"))
    assert ran.returncode == 1, ran.stdout + ran.stderr
    for rule in RULES:
        assert f"test_ours[{rule}]" in ran.stdout or "SKIPPED" in ran.stdout
    assert "FAILED" in ran.stdout
    assert "test_theirs[S-06]" in ran.stdout
    assert "submit job j1" in ran.stdout
    assert "rejected" in ran.stdout
    assert "test_ours[S-06]" in [line.split("::")[-1] for line in ran.stdout.splitlines() if line.startswith("PASSED")]
    assert (tmp_path / "report" / "1" / "report.html").exists()
    assert (tmp_path / "report" / "2" / "junit.xml").exists()


def test_an_expected_failure_is_an_xfail_and_the_run_passes(tmp_path):
    (tmp_path / "expected").write_text("S-06 we know\n", encoding="utf-8")
    ran = run(tmp_path, "--conform-expected", str(tmp_path / "expected"), "-k", "theirs")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "XFAIL" in ran.stdout
    assert "we know" in ran.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--conform-tier", "fast"), "there is no tier 'fast'"),
        (("--conform-expected", "nowhere"), "nowhere: cannot be read"),
    ],
    ids=["tier", "file"],
)
def test_wrong_options_are_refused_before_anything_runs(tmp_path, options, said):
    ran = run(tmp_path, *options)
    assert ran.returncode == 4
    assert said in ran.stderr


def test_a_suite_of_nonsense_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="there is no profile 'ibm'"):
        conformance_suite(CoreTarget, profile="ibm")
    with pytest.raises(ValueError, match="there is no rule 'S-00'"):
        conformance_suite(CoreTarget, expected=("S-00",))

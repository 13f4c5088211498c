"""What the README prints is run as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")


def test_the_snippet_that_embeds_the_core_does_what_it_says() -> None:
    """It ends with a closed session and no timer left."""
    snippet, _ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, timeout=60, check=True)
    assert "StartJob(at=1000000, job_id='a')" in done.stdout
    assert done.stdout.endswith("closed None\n")


def test_the_toy_that_is_judged_shows_a_clear_failure_and_its_picture(tmp_path: Path) -> None:
    """A closed session takes jobs (S-06): named as a test, told step by step, drawn in the report."""
    _, toy = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "test_toy.py").write_text(toy, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_toy.py"]
    done = subprocess.run(
        [*command, "--conform-report", "report"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "FAILED test_toy.py::test_conformance[S-06]" in done.stdout
    assert "submit job j1 to session a → accepted, and should be refused (1217" in done.stdout
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "S-06" in page


def test_each_of_the_two_commands_is_one_line_behind_its_marker() -> None:
    """``.ci/run`` and the newcomer read them from there."""
    for marker in ("run", "test"):
        (command,) = re.findall(rf"<!-- {marker} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && ")


def test_every_file_that_is_linked_is_there() -> None:
    """Pictures and pages."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert Path(__file__).parent.parent.joinpath(target).exists(), target

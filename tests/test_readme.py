"""What the README prints is run as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")


def test_the_snippet_that_embeds_the_core_does_what_it_says() -> None:
    """It ends with a closed session and no timer left."""
    (snippet,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, timeout=60, check=True)
    assert "StartJob(at=1000000, job_id='a')" in done.stdout
    assert done.stdout.endswith("closed None\n")


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

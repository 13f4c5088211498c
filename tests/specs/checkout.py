"""A checkout of its own for a test: the pages are copies to be damaged, the code and the tests are the real ones."""

from __future__ import annotations

import shutil
from pathlib import Path

from sessioncore.checks import CHECKS, Check, run_checks

ROOT = Path(__file__).resolve().parents[2]

READ = ("sessioncore", "tests")
"""Folders that checks only read."""


def copy_checkout(folder: Path) -> Path:
    """A checkout in ``folder`` whose generated pages are as they are generated now."""
    shutil.copytree(ROOT / "specs", folder / "specs")
    for name in READ:
        folder.joinpath(name).symlink_to(ROOT / name, target_is_directory=True)
    for name in ("session", "job", "device", "rest", "rules", "traceability"):
        run(folder, name, write=True)
    return folder


def run(root: Path, name: str, *, write: bool = False) -> Check:
    """Run the check with this name."""
    (one,) = run_checks(root, write=write, checks=tuple(checker for checker in CHECKS if checker.name == name))
    return one


def damage(root: Path, path: str, old: str, new: str) -> None:
    """Replace the first ``old`` in a page, which must be there, by ``new``."""
    target = root / path
    text = target.read_text(encoding="utf-8")
    assert old in text
    target.write_text(text.replace(old, new, 1), encoding="utf-8")

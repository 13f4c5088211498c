"""The folder ``diagrams/``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from sessioncore.core import BackendError

from .values import Made

FOLDER = "diagrams"


def pictures(root: Path) -> Made:
    """Every file of the folder, drawn again. Files that nothing draws must not lie there."""
    from sessioncore.diagrams import write_all

    with TemporaryDirectory() as scratch:
        try:
            write_all(Path(scratch))
        except BackendError as error:
            return Made(files={}, unchecked=f"{FOLDER}/ cannot be drawn here: {error}")
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] == "sessioncore":
                raise  # a fault of ours, and no missing extra
            why = f'{error.name} is not installed: pip install "sessioncore[diagrams]"'
            return Made(files={}, unchecked=f"{FOLDER}/ cannot be drawn here: {why}")
        files = {f"{FOLDER}/{name}": drawn for name, drawn in contents(Path(scratch)).items()}
    left_over = sorted(f"{FOLDER}/{name}" for name in contents(root / FOLDER))
    return Made(
        files=files,
        problems=tuple(f"{name} is drawn by nothing: remove it" for name in left_over if name not in files),
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder by its path within it, with ``/`` between folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }

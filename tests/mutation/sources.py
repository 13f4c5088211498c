"""The sources as they were at the start, served from memory, one module of them with a fault.

Nothing is written to disk and nothing is read from it later, so files may be edited while the tester runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORE = "sessioncore.core"
FOLDERS = ("sessioncore/core", "sessioncore/explore", "tests/core")
"""What is kept in memory; everything else is imported as usual."""

MAKE_CHART = "__make_chart__"
"""The name under which a module of a chart calls what stands in for ``Chart``."""

ChartMaker = Callable[[Callable[..., Any], dict[str, Any]], Any]
"""What a chart is made by instead: it is given the class and the fields."""


class Sources(MetaPathFinder, Loader):
    """A finder of modules that serves what it read once."""

    def __init__(self, root: Path = ROOT) -> None:
        self.texts: dict[str, str] = {}
        self._paths: dict[str, Path] = {}
        self._codes: dict[str, CodeType] = {}
        self._chart_makers: dict[str, ChartMaker] = {}
        for path in self._files(root):
            name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            self._paths[name] = path
            self.texts[name] = path.read_text(encoding="utf-8")
            self._codes[name] = compile(self.texts[name], str(path), "exec", dont_inherit=True)

    @staticmethod
    def _files(root: Path) -> Iterable[Path]:
        yield root / "sessioncore" / "__init__.py"
        for folder in FOLDERS:
            yield from sorted((root / folder).rglob("*.py"))

    def core_modules(self) -> list[str]:
        """The modules of the core by their short names, without the package itself."""
        return sorted(name.removeprefix(f"{CORE}.") for name in self._paths if name.startswith(f"{CORE}."))

    def text(self, module: str) -> str:
        """The source of a module of the core, by its short name."""
        return self.texts[f"{CORE}.{module}"]

    def path(self, module: str) -> str:
        """Where the source of a module of the core was read."""
        return str(self._paths[f"{CORE}.{module}"])

    def plant(self, module: str, tree: ast.Module) -> None:
        """Serve this tree in place of a module of the core."""
        name = f"{CORE}.{module}"
        self._codes[name] = compile(tree, str(self._paths[name]), "exec", dont_inherit=True)

    def plant_chart(self, module: str, maker: ChartMaker) -> None:
        """Let the chart of a module be made by ``maker``. Raises ValueError if the module makes no chart."""
        tree = ast.parse(self.text(module))
        if not _redirect_chart(tree):
            raise ValueError(f"{module} has no call of Chart(...) with rows=...")
        self._chart_makers[f"{CORE}.{module}"] = maker
        self.plant(module, tree)

    def install(self) -> None:
        """Serve imports from now on. To be called where none of these modules is loaded."""
        loaded = [name for name in self._paths if name in sys.modules]
        if loaded:
            raise RuntimeError(f"{loaded[0]} has been imported already")
        sys.meta_path.insert(0, self)

    # --- the import system -----------------------------------------------------------------------------------

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """The place of a module that is kept here."""
        found = self._paths.get(fullname)
        if found is None:
            return None
        inside = [str(found.parent)] if found.name == "__init__.py" else None
        return spec_from_file_location(fullname, found, loader=self, submodule_search_locations=inside)

    def exec_module(self, module: ModuleType) -> None:
        """Run a module."""
        maker = self._chart_makers.get(module.__name__)
        if maker is not None:
            module.__dict__[MAKE_CHART] = lambda chart, **fields: maker(chart, fields)
        exec(self._codes[module.__name__], module.__dict__)  # noqa: S102 - this is what a loader does


def _redirect_chart(tree: ast.Module) -> bool:
    """Turn ``Chart(rows=...)`` into ``__make_chart__(Chart, rows=...)``; whether there was one."""
    found = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Chart":
            found = found or any(word.arg == "rows" for word in node.keywords)
            node.args.insert(0, node.func)
            node.func = ast.copy_location(ast.Name(id=MAKE_CHART, ctx=ast.Load()), node.func)
    return found

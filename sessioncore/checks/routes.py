"""The lists of routes in ``specs/rest.md``, from the table that the service is built from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .cells import link, table
from .markers import Sections, page, read_text
from .values import Made

REST = "specs/rest.md"


def rest_page(root: Path) -> Made:
    """``specs/rest.md`` with its lists of routes. Every route has a place in the page that describes it."""
    from sessioncore.transports.routes import ACCOUNT_ROUTES, CONTROL_ROUTES, VENDOR_ROUTES, Operation

    def listed(operations: Sequence[Operation]) -> str:
        rows = [
            (link(f"`{one.method} {one.path}`", "", place_of(one.name)), one.name, one.access) for one in operations
        ]
        return table(("request", "operation", "who may ask"), rows)

    places: Sections = {
        "vendor routes": lambda: listed(VENDOR_ROUTES),
        "account routes": lambda: listed(ACCOUNT_ROUTES),
        "control routes": lambda: listed(CONTROL_ROUTES),
    }
    made = page(root, REST, places)
    text, _ = read_text(root, REST)
    undescribed = tuple(
        f'{REST}: {one.method} {one.path} is not described: write <a id="{place_of(one.name)}"></a> where it is'
        for one in (*VENDOR_ROUTES, *ACCOUNT_ROUTES, *CONTROL_ROUTES)
        if text and f'<a id="{place_of(one.name)}"></a>' not in text
    )
    return Made(files=made.files, problems=(*made.problems, *undescribed))


def place_of(operation: str) -> str:
    """The anchor of the place that describes an operation."""
    return f"op-{operation.replace('_', '-')}"

"""Options of the whole test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--deep``: search longer and farther, for nights and before releases."""
    parser.addoption("--deep", action="store_true", default=False, help="search much longer than a change needs")


@pytest.fixture(scope="session")
def deep(request: pytest.FixtureRequest) -> bool:
    """Whether ``--deep`` was given."""
    return bool(request.config.getoption("--deep"))

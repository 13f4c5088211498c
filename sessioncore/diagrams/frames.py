"""Which states stand together in a picture."""

from __future__ import annotations

from enum import StrEnum
from typing import final

from sessioncore.core import Configuration, JobStatus
from sessioncore.core.values import value


@final
@value
class Group:
    """States that stand together, with a frame around them. ``inside`` is the group that holds this one."""

    name: str
    label: str
    states: tuple[StrEnum, ...]
    inside: str | None = None


GROUPS: dict[str, tuple[Group, ...]] = {
    "session": (
        Group(
            name="live",
            label="live",
            states=(
                Configuration.OPEN,
                Configuration.ACTIVE,
                Configuration.INACTIVE,
                Configuration.OPEN_DRAINING,
                Configuration.ACTIVE_DRAINING,
                Configuration.INACTIVE_DRAINING,
            ),
        ),
        Group(
            name="accepting",
            label="accepting",
            states=(Configuration.OPEN, Configuration.ACTIVE, Configuration.INACTIVE),
            inside="live",
        ),
        Group(
            name="closing",
            label="closing: no new jobs, work is left",
            states=(
                Configuration.OPEN_DRAINING,
                Configuration.ACTIVE_DRAINING,
                Configuration.INACTIVE_DRAINING,
            ),
            inside="live",
        ),
    ),
    "job": (
        Group(name="lane", label="holds a lane", states=(JobStatus.RUNNING, JobStatus.CANCELLING)),
        Group(
            name="final",
            label="final",
            states=(JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED),
        ),
    ),
    "device": (),
}
"""The frames of each picture, outer ones first. A row that leaves all states of a frame is one arrow from the frame."""

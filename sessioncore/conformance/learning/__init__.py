"""Learning the machine of a target from its answers, and showing where it differs from the reference."""

from .picture import Mark
from .tier import LearnedTarget, learn

__all__ = ["LearnedTarget", "Mark", "learn"]

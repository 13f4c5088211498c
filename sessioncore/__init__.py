"""The reference for sessions on quantum computers: a pure session state machine and what plugs in around it."""

from .core import *  # noqa: F403 - the core's __all__ is the package's public face
from .core import __all__ as __all__

__version__ = "0.1.0"

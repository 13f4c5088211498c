"""Exhaustive search of the real core: every state it can reach, by every event, up to the names of jobs."""

from .golden import first_difference, golden_text, graph_of
from .graph import Edge, Graph, Move, Node, TooLargeError, World, explore, first_world
from .matrix import MATRIX, Setting
from .properties import Broken, Property, check, standard
from .report import as_test, as_trace, events_of, follow, told

__all__ = [
    "MATRIX",
    "Broken",
    "Edge",
    "Graph",
    "Move",
    "Node",
    "Property",
    "Setting",
    "TooLargeError",
    "World",
    "as_test",
    "as_trace",
    "check",
    "events_of",
    "explore",
    "first_difference",
    "first_world",
    "follow",
    "golden_text",
    "graph_of",
    "standard",
    "told",
]

"""Why a cell of the traceability table may be empty. A reason that is not needed any more is a fault as well."""

from __future__ import annotations

from collections.abc import Mapping

ROWS, CODE, TESTS, TLA, CONFORMANCE = "chart rows", "code", "tests", "TLA+", "conformance"

COLUMNS = (ROWS, CODE, TESTS, TLA, CONFORMANCE)
"""What must stand behind every rule."""

_FUNCTION = "a function of the session"
_SERVICE = "the service around the core"
_ENGINE = "the order in which rows are met"
_BEFORE = "asked before any row is looked up"
_ROWS_ALONE = "its rows decide, nothing beside them"
_READING = "how requests are read is not modelled"
_NOT_MODELLED = "service and views are not modelled"
_NO_LIMITS = "limits and budgets are not modelled"
_NO_USAGE = "usage is not modelled"

REASONS: Mapping[tuple[str, str], str] = {
    ("S-02", ROWS): "read before a session exists",
    ("S-03", ROWS): "terms, agreed once",
    ("S-04", ROWS): _SERVICE,
    ("J-07", ROWS): _SERVICE,
    ("J-08", ROWS): _SERVICE,
    ("D-06", ROWS): _SERVICE,
    ("U-01", ROWS): _FUNCTION,
    ("U-02", ROWS): _FUNCTION,
    ("T-01", ROWS): _ENGINE,
    ("T-02", ROWS): _ENGINE,
    ("T-03", ROWS): _BEFORE,
    ("T-04", ROWS): _BEFORE,
    ("T-06", ROWS): "the host's part",
    ("V-01", ROWS): _FUNCTION,
    ("V-02", ROWS): _FUNCTION,
    ("V-03", ROWS): "what every refusing row carries",
    ("S-24", CODE): _ROWS_ALONE,
    ("D-02", CODE): _ROWS_ALONE,
    ("S-02", TLA): _READING,
    ("S-04", TLA): _NOT_MODELLED,
    ("S-07", TLA): _READING,
    ("S-25", TLA): _NO_LIMITS,
    ("J-05", TLA): _NO_LIMITS,
    ("J-07", TLA): _NOT_MODELLED,
    ("J-08", TLA): _NOT_MODELLED,
    ("D-06", TLA): _NOT_MODELLED,
    ("U-01", TLA): _NO_USAGE,
    ("U-02", TLA): _NO_USAGE,
    ("T-04", TLA): "time cannot run backwards there",
    ("T-06", TLA): "down times are not modelled",
    ("V-01", TLA): _NOT_MODELLED,
    ("V-02", TLA): _NOT_MODELLED,
    ("V-03", TLA): _NOT_MODELLED,
    ("S-04", CONFORMANCE): "whether a plan has sessions is its owner's to say",
    ("D-06", CONFORMANCE): "a target is one device",
    ("T-06", CONFORMANCE): "a service that was down cannot be asked",
}
"""Single cells, by rule and column."""

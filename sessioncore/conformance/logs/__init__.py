"""The tier ``log``: a recorded trace, or the log of a service, judged against the reference.

``judge_log(path)`` judges a trace in our own format; ``judge_log(path, mapping=...)`` any other log, whose lines a
small file explains (:mod:`.mapping`). Where everything is told, every line has one right answer. Where lines are
missing, or the log never tells of starts and timers, each session is judged by itself against the set of states in
which the service could be: whatever can be explained is no fault.
"""

from .items import Log, LogError
from .judging import LogJudgement, judge_log
from .mapping import Mapping, Meaning
from .reading import read_log

__all__ = ["Log", "LogError", "LogJudgement", "Mapping", "Meaning", "judge_log", "read_log"]

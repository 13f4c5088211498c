"""The rules as they are written in ``specs/``: where each stands, and the index of all of them.

A rule is a heading with an anchor, then a paragraph that begins with its evidence mark::

    ### <a id="s-06"></a>S-06 · No jobs once it stops accepting

    **G/P** A session that does not accept refuses ... [Proof](traceability.md#s-06).

The link at the end of that paragraph leads to what stands behind the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import final

from sessioncore.core.values import value

from .cells import link, table
from .markers import page, read_text
from .values import Made

PAGE_OF: Mapping[str, str] = {
    "S": "session.md",
    "J": "job.md",
    "D": "device.md",
    "U": "session.md",
    "T": "session.md",
    "V": "session.md",
}
"""On which page of ``specs/`` the rules with this letter are written."""

INDEX = "specs/rules.md"

PROOF = "[Proof](traceability.md#{})"
"""How every rule leads to its line of the traceability table."""

_HEADING = re.compile(r"^#+ (?:<a id=\"(?P<anchor>[^\"]*)\"></a>)?(?P<rule>[SJDUTV]-\d\d)\b(?P<rest>.*)$", re.MULTILINE)
_TITLE = re.compile(r" · (\S.*)")
_MARK = re.compile(r"\*\*([GPD](?:/[GPD])*)\*\* \S")


@final
@value
class Rule:
    """One rule: its id, its title, its evidence mark (G, P, D), and the page of ``specs/`` on which it is written."""

    id: str
    title: str
    mark: str
    page: str


def page_of(rule: str) -> str:
    """The page of ``specs/`` on which this rule is, or should be, written."""
    return PAGE_OF[rule[0]]


def linked(rule: str, here: str) -> str:
    """A link to the rule from the page ``here``."""
    there = page_of(rule)
    return link(rule, "" if there == here else there, rule)


def written_rules(root: Path) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Every rule that the pages write down, in the order of :data:`PAGE_OF`, and what is wrong with how."""
    rules: list[Rule] = []
    problems: list[str] = []
    for name in dict.fromkeys(PAGE_OF.values()):
        text, problem = read_text(root, f"specs/{name}")
        if problem:
            problems.append(problem)
            continue
        for heading in _HEADING.finditer(text):
            rule, faults = _read(heading, text, name)
            problems += faults
            if any(rule.id == other.id for other in rules):
                problems.append(f"specs/{name}: {rule.id} is written twice: remove one")
            else:
                rules.append(rule)
    letters = tuple(PAGE_OF)
    rules.sort(key=lambda rule: (letters.index(rule.id[0]), rule.id))
    return tuple(rules), tuple(problems)


def _read(heading: re.Match[str], text: str, name: str) -> tuple[Rule, list[str]]:
    rule, rest = heading["rule"], heading["rest"].rstrip("\r")
    where = f"specs/{name}: {rule}"
    faults = []
    if heading["anchor"] != rule.lower():
        faults.append(f'{where} has no anchor of its own: write <a id="{rule.lower()}"></a> before its id')
    title = _TITLE.fullmatch(rest)
    if title is None:
        faults.append(f"{where} has no title: write it after a middle dot, as in '{rule} · Title'")
    sentence = text[heading.end() :].lstrip().partition("\n")[0]
    mark = _MARK.match(sentence)
    if mark is None:
        faults.append(f"{where} does not begin with its evidence mark: write **G**, **P** or **D** before the sentence")
    if PROOF.format(rule.lower()) not in sentence:
        faults.append(f"{where} does not lead to its proof: end its first line with {PROOF.format(rule.lower())}.")
    if page_of(rule) != name:
        faults.append(f"{where} is on the wrong page: move it to specs/{page_of(rule)}")
    found = Rule(id=rule, title=title[1] if title else "", mark=mark[1] if mark else "", page=name)
    return found, faults


def index_page(root: Path) -> Made:
    """``specs/rules.md``: which rule is written where."""
    rules, problems = written_rules(root)
    made = page(root, INDEX, {"rules": lambda: index(rules)})
    return Made(files=made.files, problems=(*problems, *made.problems))


def index(rules: Iterable[Rule]) -> str:
    """The table of all rules."""
    rows = [(link(rule.id, rule.page, rule.id), rule.mark, rule.title) for rule in rules]
    return table(("rule", "mark", "in short"), rows)

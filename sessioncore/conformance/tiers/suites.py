"""Suites that no wrong machine of a bounded size passes.

A suite is made by the H method (Dorofeeva, El-Fakih, Yevtushenko 2005): every state is reached, every input is tried
in it, and wherever the machine should be afterwards, the suite tells that state from every other one by a
continuation that both have in common. Since a client may look at any time, states that look different need no
continuation at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import final

from .minimal import Mealy, Word


@final
class Tree:
    """Words that share their beginnings. Node 0 is the empty word."""

    def __init__(self, machine: Mealy) -> None:
        self.machine = machine
        self.below: list[dict[int, int]] = [{}]
        self.state = [0]
        self.depth = [0]

    def add(self, word: Word, node: int = 0) -> int:
        """Put a word below a node; the node at its end."""
        for one in word:
            following = self.below[node].get(one)
            if following is None:
                following = self.below[node][one] = len(self.below)
                self.below.append({})
                self.state.append(self.machine.row[self.state[node]][one][0])
                self.depth.append(self.depth[node] + 1)
            node = following
        return node

    def words(self) -> Iterator[Word]:
        """The longest words: none of them is the beginning of another."""
        stack: list[tuple[int, Word]] = [(0, ())]
        while stack:
            node, word = stack.pop()
            if not self.below[node]:
                yield word
            stack.extend((following, (*word, one)) for one, following in reversed(self.below[node].items()))

    def tells_apart(self, one: int, two: int) -> bool:
        """Whether a continuation that both nodes have makes a difference."""
        row, look, state, below = self.machine.row, self.machine.look, self.state, self.below
        pairs = [(one, two)]
        while pairs:
            one, two = pairs.pop()
            here, there = state[one], state[two]
            if here == there:
                continue
            if look[here] != look[there]:
                return True
            others = below[two]
            for word, after in below[one].items():
                if word in others:
                    if row[here][word][1] != row[there][word][1]:
                        return True
                    pairs.append((after, others[word]))
        return False

    def tell_apart(self, one: int, two: int) -> None:
        """Add the continuation of both nodes that costs the fewest steps and makes a difference."""
        if not self.tells_apart(one, two):
            word = self._cheapest(one, two)
            self.add(word, one)
            self.add(word, two)

    def _cheapest(self, one: int, two: int) -> Word:
        """Of the words that tell the states of two nodes apart the one that adds the fewest steps to the suite."""
        row, look = self.machine.row, self.machine.look
        order = count()
        queue: list[tuple[int, int, Word, int, int, int | None, int | None]] = []
        heappush(queue, (0, next(order), (), self.state[one], self.state[two], one, two))
        done = set()
        while queue:
            cost, _, word, here, there, left, right = heappop(queue)
            if look[here] != look[there] or (word and self._answered(word, one, two)):
                return word
            if (here, there, left, right) in done:
                continue
            done.add((here, there, left, right))
            for step in row[here]:
                near, far = row[here][step][0], row[there][step][0]
                if near == far and row[here][step][1] == row[there][step][1]:
                    continue
                price_left, after_left = self._price(left, step)
                price_right, after_right = self._price(right, step)
                price = cost + price_left + price_right
                heappush(queue, (price, next(order), (*word, step), near, far, after_left, after_right))
        raise AssertionError("two states of a minimal machine cannot be told apart")

    def _answered(self, word: Word, one: int, two: int) -> bool:
        """Whether the last input of the word is answered differently after the rest of it."""
        row, before = self.machine.row, word[:-1]
        here = self.machine.after(before, self.state[one])
        there = self.machine.after(before, self.state[two])
        return row[here][word[-1]][1] != row[there][word[-1]][1]

    def _price(self, node: int | None, step: int) -> tuple[int, int | None]:
        """How many steps an input after a node adds to the suite, and the node that it leads to, if there is one."""
        if node is None:
            return 1, None
        following = self.below[node].get(step)
        if following is not None:
            return 0, following
        return (1 if not self.below[node] else self.depth[node] + 1), None


def suite(machine: Mealy, extra: int = 0, more: Iterable[Word] = ()) -> list[Word]:
    """Words that together catch every wrong machine with at most ``extra`` states more than this minimal one.

    ``more`` are further words after which every input is tried, besides the shortest one to each state.
    """
    tree = Tree(machine)
    core = [tree.add(way) for way in machine.ways()]
    chains: list[list[int]] = []
    for node in core:
        chains += _spread(tree, node, extra + 1)
    for way in more:
        node = tree.add(way)
        chains += [[node], *_spread(tree, node, 1)]
    alike: dict[object, list[int]] = {}
    for node in core:
        alike.setdefault(machine.look[tree.state[node]], []).append(node)
    for nodes in alike.values():
        for place, node in enumerate(nodes):
            for other in nodes[:place]:
                tree.tell_apart(node, other)
    for chain in chains:
        node = chain[-1]
        for other in (*alike.get(machine.look[tree.state[node]], ()), *chain[:-1]):
            if tree.state[other] != tree.state[node]:
                tree.tell_apart(node, other)
    return list(tree.words())


def _spread(tree: Tree, node: int, length: int) -> list[list[int]]:
    """Every word of at most this length below a node, as the nodes along it."""
    found: list[list[int]] = []
    ends: list[list[int]] = [[]]
    for _ in range(length):
        longer = []
        for chain in ends:
            last = chain[-1] if chain else node
            longer += [[*chain, tree.add((step,), last)] for step in tree.machine.row[tree.state[last]]]
        found += longer
        ends = longer
    return found

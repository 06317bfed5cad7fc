"""Slow, obvious twins of the tree kernels: sets, recursion and double loops."""

from __future__ import annotations

import itertools
import math
from collections import Counter


def lawful(order, parent, start, stop, height, levels) -> bool:
    """Every law of a hierarchy, straight from its definition."""
    n, m = len(order), len(parent)
    if sorted(order) != list(range(n)) or m == 0 or parent[0] != -1:
        return False
    if any(math.isnan(h) for h in height) or (start[0], stop[0]) != (0, n):
        return False
    if any(not 0 <= parent[v] < v for v in range(1, m)):
        return False
    if any(not 0 <= start[v] <= stop[v] <= n or height[v] > height[max(parent[v], 0)] for v in range(m)):
        return False
    kids = [[c for c in range(1, m) if parent[c] == v] for v in range(m)]
    for v in range(m):
        below = sorted(subtree(kids, v))
        if below != list(range(v, v + len(below))):
            return False
        at = start[v]
        for child in kids[v]:
            if start[child] != at or stop[child] > stop[v]:
                return False
            at = stop[child]
    return lawful_levels(levels, kids)


def lawful_levels(levels, kids) -> bool:
    """Whether the levels begin at the root, are antichains and refine each other."""
    if not levels or list(levels[0]) != [0]:
        return False
    for j, level in enumerate(levels):
        if any(not 0 <= part < len(kids) for part in level):
            return False
        if any(a != b and b in subtree(kids, a) for a, b in itertools.product(level, level)):
            return False
        if len(set(level)) != len(level):
            return False
        if j and any(not any(part in subtree(kids, above) for above in levels[j - 1]) for part in level):
            return False
    return True


def subtree(kids, v) -> list[int]:
    """The parts below and including v."""
    return [v, *(w for child in kids[v] for w in subtree(kids, child))]


def part_sets(parent, item_part) -> list[frozenset[int]]:
    """The items of every part, by walking up from each item."""
    sets: list[set[int]] = [set() for _ in parent]
    for item, part in enumerate(item_part):
        while part >= 0:
            sets[part].add(item)
            part = parent[part]
    return [frozenset(s) for s in sets]


class Twin:
    """A hierarchy as sets of items, with cuts by definition."""

    def __init__(self, h) -> None:
        self.m, self.n, self.height = h.n_parts, h.n_items, h.height.tolist()
        self.parent = h.parent.tolist()
        self.kids = [[c for c in range(1, self.m) if self.parent[c] == v] for v in range(self.m)]
        self.members = [frozenset(h.order[h.start[v] : h.stop[v]].tolist()) for v in range(self.m)]
        self.singletons = h.own_items_are == "singletons"

    def own(self, v):
        return self.members[v] - frozenset().union(*(self.members[c] for c in self.kids[v]))

    def pieces(self, v):
        """What a split leaves: children with items, and own items where they are parts."""
        children = [c for c in self.kids[v] if self.members[c]]
        return children, sorted(self.own(v)) if self.singletons else []

    def may_split(self, v):
        children, single = self.pieces(v)
        return bool(children) or len(single) > 1

    def finish(self, chosen):
        """The cut as a set of sets of items: chosen parts, and single items."""
        return {frozenset([x[1]]) if isinstance(x, tuple) else self.members[x] for x in chosen}

    def split(self, v):
        children, single = self.pieces(v)
        return [*children, *(("item", i) for i in single)]

    def cut_where(self, must_split):
        """Split from the root down wherever `must_split` says so."""
        cut, waiting = [], [0]
        while waiting:
            v = waiting.pop()
            if isinstance(v, tuple) or not must_split(v):
                cut.append(v)
            else:
                waiting += self.split(v)
        return self.finish(cut)

    def cut_k(self, k):
        """Split the highest part until there are k; None where a split jumps over k or none is left."""
        cut = [0]
        while len(cut) < k:
            able = [v for v in cut if not isinstance(v, tuple) and self.may_split(v)]
            if not able:
                return None
            v = max(able, key=lambda v: (self.height[v], len(self.members[v]), -v))
            cut.remove(v)
            cut += self.split(v)
        return self.finish(cut) if len(cut) == k else None

    def cut_height(self, height):
        return self.cut_where(lambda v: self.height[v] > height)

    def cut_least(self, value, own_value, least):
        """The finest cut in which every part has ``value(part) >= least``."""

        def must(v):
            children, single = self.pieces(v)
            good = all(value(c) >= least for c in children) and (not single or own_value(v) >= least)
            return self.may_split(v) and good

        return self.cut_where(must)

    def cut_max_size(self, size):
        """The largest parts of at most `size` items; None where a part can't be split."""
        stuck = []

        def must(v):
            if len(self.members[v]) > size and not self.may_split(v):
                stuck.append(v)
                return False
            return len(self.members[v]) > size

        cut = self.cut_where(must)
        return None if stuck else cut

    def lca(self, i, j):
        return min((v for v in range(self.m) if {i, j} <= self.members[v]), key=self.rank)

    def rank(self, v):
        return len(self.members[v]), -v

    def dasgupta(self, S):
        pairs = itertools.combinations(range(self.n), 2)
        return sum(S[i][j] * len(self.members[self.lca(i, j)]) for i, j in pairs)


def cut_sets(partition) -> set[frozenset[int]]:
    """The parts of a partition as sets of items; noise left out."""
    groups: dict[int, set[int]] = {}
    for item, label in enumerate(partition.labels.tolist()):
        if label >= 0:
            groups.setdefault(label, set()).add(item)
    return {frozenset(group) for group in groups.values()}


def mutual_information(a, b) -> float:
    """In nats, from the counts."""
    n, both, in_a, in_b = len(a), Counter(zip(a, b)), Counter(a), Counter(b)
    return sum(c / n * math.log(n * c / (in_a[x] * in_b[y])) for (x, y), c in both.items())


def expected_information(a, b) -> float:
    """The mean mutual information over every permutation of `b`."""
    values = [mutual_information(a, p) for p in itertools.permutations(b)]
    return math.fsum(values) / len(values)

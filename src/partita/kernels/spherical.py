"""Spherical k-means on sparse unit rows by an inverted index over the centres. Called by SphericalKMeans.

Columns stand rare first. The similarity of a row and a centre is the float64 sum of the products in the order
of the row's columns: a pure function of the two. Rare columns are summed through lists of the centres that
hold them. Of the frequent columns a bound comes first (the product of the two lengths there, by Cauchy and
Schwarz); only centres that it leaves in the race are summed to the end, in the same order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit

_UNIT = 2.0**-52


class CenterIndex(NamedTuple):
    """Some of the centres, by column.

    Attributes
    ----------
    first : int64[cut + 1]
        Rare column f has the postings ``first[f]`` to ``first[f + 1]``.
    center : int32[postings]
        Which of these centres.
    weight : float64[postings]
    block : float64 (d - cut, kk)
        The frequent columns.
    tail : float64[kk]
        Length of each centre in the frequent columns.
    base : float64[kk]
        What every similarity to a centre begins with: 0 for directions; for means, of which the nearest is
        looked for, less half of the squared length.
    number : int32[kk]
        The label of each of these centres, ascending.
    place : int32[k]
        Where a label stands among these centres, -1 if it doesn't.
    """

    first: np.ndarray
    center: np.ndarray
    weight: np.ndarray
    block: np.ndarray
    tail: np.ndarray
    base: np.ndarray
    number: np.ndarray
    place: np.ndarray


@jit
def index_count(c_first, c_column, number, cut, first):
    """OUT first int64[cut + 1]: bounds of the postings of the rare columns, of the centres `number`."""
    first[:] = 0
    for c in number:
        for p in range(c_first[c], c_first[c + 1]):
            if c_column[p] < cut:
                first[c_column[p] + 1] += 1
    for f in range(cut):
        first[f + 1] += first[f]


@jit
def index_fill(c_first, c_column, c_value, number, cut, unit, first, center, weight, block, tail, base):
    """OUT center, weight, block (zeros at first), tail, base. IN unit (are centres directions), the rest.

    See CenterIndex.
    """
    cursor = first.copy()
    for j in range(number.shape[0]):
        total, whole = 0.0, 0.0
        for p in range(c_first[number[j]], c_first[number[j] + 1]):
            f = c_column[p]
            whole += c_value[p] * c_value[p]
            if f < cut:
                center[cursor[f]] = j
                weight[cursor[f]] = c_value[p]
                cursor[f] += 1
            else:
                block[f - cut, j] = c_value[p]
                total += c_value[p] * c_value[p]
        tail[j] = np.sqrt(total)
        base[j] = 0.0 if unit else -0.5 * whole


@jit
def similarity_finish(so_far, column, value, split, stop, cut, block, j):
    """The similarity to centre `j`: what the rare columns gave, and then the frequent ones in their order."""
    for p in range(split, stop):
        so_far += value[p] * block[column[p] - cut, j]
    return so_far


@jit
def row_sum_rare(column, value, start, stop, cut, index, sums):
    """OUT sums float64[kk]: base and rare columns of one row. Returns where its frequent columns begin."""
    sums[:] = index.base
    p = start
    while p < stop and column[p] < cut:
        x = value[p]
        for q in range(index.first[column[p]], index.first[column[p] + 1]):
            sums[index.center[q]] += x * index.weight[q]
        p += 1
    return p


@jit
def row_best(column, value, split, stop, cut, index, sums, open_, similarity, label):
    """The nearest of the centres of `index` and (similarity, label), the lowest label among equals.

    IN sums float64[kk] (row_sum_rare; INOUT, used up), label -1 for none yet. Scratch: open_ int32[kk].
    """
    kk = sums.shape[0]
    squares = 0.0
    for p in range(split, stop):
        squares += value[p] * value[p]
    length = np.sqrt(squares)
    if label < 0:
        best = np.argmax(sums)
        similarity = similarity_finish(sums[best], column, value, split, stop, cut, index.block, best)
        label = index.number[best]
    slack = 4.0 * _UNIT * (stop - split + index.block.shape[0] + 64)
    n_open = 0
    for j in range(kk):
        open_[n_open] = j
        n_open += sums[j] + length * index.tail[j] >= similarity - slack
    if 4 * n_open > kk:
        for p in range(split, stop):
            x = value[p]
            row = index.block[column[p] - cut]
            for j in range(kk):
                sums[j] += x * row[j]
        split, length = stop, 0.0
    for t in range(n_open):
        j = open_[t]
        if sums[j] + length * index.tail[j] < similarity - slack:
            continue
        found = similarity_finish(sums[j], column, value, split, stop, cut, index.block, j)
        if found > similarity or (found == similarity and index.number[j] < label):
            similarity, label = found, index.number[j]
    return similarity, label


@jit
def rows_assign(first, column, value, start, stop, cut, moved, still, labels, similar):
    """The nearest centre of rows `start` to `stop`.

    IN first int64[n + 1], column int32[nnz], value float64[nnz] (unit rows), cut; moved, still CenterIndex:
    the centres that changed since `labels` and `similar` were found, and the others.
    INOUT labels int32[n] (-1: none yet), similar float64[n].

    A row at least as similar to its centre as before needs no look at the centres that stayed: they lost
    against less.
    """
    sums_moved, open_moved = np.empty(len(moved.number)), np.empty(len(moved.number) + 1, np.int32)
    sums_still, open_still = np.empty(len(still.number)), np.empty(len(still.number) + 1, np.int32)
    for i in range(start, stop):
        begin, end = first[i], first[i + 1]
        label, similarity = labels[i], similar[i]
        before = similarity
        if len(moved.number):
            split = row_sum_rare(column, value, begin, end, cut, moved, sums_moved)
            own = moved.place[label] if label >= 0 else -1
            if own >= 0:
                similarity = similarity_finish(
                    sums_moved[own], column, value, split, end, cut, moved.block, own
                )
            lost = label < 0 or (own >= 0 and similarity < before)
            similarity, label = row_best(
                column, value, split, end, cut, moved, sums_moved, open_moved, similarity, label
            )
            if lost and len(still.number):
                split = row_sum_rare(column, value, begin, end, cut, still, sums_still)
                similarity, label = row_best(
                    column, value, split, end, cut, still, sums_still, open_still, similarity, label
                )
        labels[i], similar[i] = label, similarity


@jit
def cells_mean(
    first, column, value, weight, c_first, members, cells, unit, start, stop, room, out_c, out_v, length
):
    """Weighted means of the rows of ``cells[start:stop]``, of length 1 if `unit`, in the order of `members`.

    IN unit rows, weight float64[n], c_first, members (labels_group), cells intp, room int64[len(cells) + 1]
    (where each may write). OUT out_c int32, out_v float64 (columns ascending), length int64[len(cells)].
    A mean that cancels to nothing leaves no entries.
    """
    d = 0
    for t in range(start, stop):
        for m in range(c_first[cells[t]], c_first[cells[t] + 1]):
            i = members[m]
            if first[i + 1] > first[i]:
                d = max(d, column[first[i + 1] - 1] + 1)
    total, seen = np.zeros(d), np.zeros(d, np.bool_)
    for t in range(start, stop):
        n_seen, at = 0, room[t]
        for m in range(c_first[cells[t]], c_first[cells[t] + 1]):
            i = members[m]
            for p in range(first[i], first[i + 1]):
                f = column[p]
                total[f] += weight[i] * value[p]
                if not seen[f]:
                    seen[f] = True
                    out_c[at + n_seen] = f
                    n_seen += 1
        out_c[at : at + n_seen] = np.sort(out_c[at : at + n_seen])
        squares, mass = 0.0, 0.0
        for m in range(c_first[cells[t]], c_first[cells[t] + 1]):
            mass += weight[members[m]]
        for q in range(at, at + n_seen):
            out_v[q] = total[out_c[q]] / mass
            squares += out_v[q] * out_v[q]
            total[out_c[q]], seen[out_c[q]] = 0.0, False
        norm = np.sqrt(squares)
        if norm <= 1e-14:
            n_seen = 0
        if unit:
            for q in range(at, at + n_seen):
                out_v[q] /= norm
        length[t] = n_seen


@jit
def cells_copy(c_first, c_column, c_value, fresh, room, new_c, new_v, first, column, value):
    """Merge kept centres and new ones. IN fresh intp[k] (which new one, -1: kept). OUT column, value."""
    for c in range(fresh.shape[0]):
        n = first[c + 1] - first[c]
        if fresh[c] >= 0:
            at = room[fresh[c]]
            column[first[c] : first[c + 1]] = new_c[at : at + n]
            value[first[c] : first[c + 1]] = new_v[at : at + n]
        else:
            column[first[c] : first[c + 1]] = c_column[c_first[c] : c_first[c + 1]]
            value[first[c] : first[c + 1]] = c_value[c_first[c] : c_first[c + 1]]


@jit
def start_spread(column, value, start, stop, t_first, t_row, t_value, similar):
    """Add the similarities of all rows to one row. IN t_first, t_row, t_value: the rows by column.

    INOUT similar float64[n].
    """
    for p in range(start, stop):
        x = value[p]
        for q in range(t_first[column[p]], t_first[column[p] + 1]):
            similar[t_row[q]] += x * t_value[q]


@jit
def start_gain(weight, best, similar):
    """What a centre would bring, in eight sums of fixed order. INOUT similar float64[n]: zeros again."""
    sums = np.zeros(8)
    n = best.shape[0]
    whole = n - n % 8
    for i in range(0, whole, 8):
        for lane in range(8):
            gain = similar[i + lane] - best[i + lane]
            sums[lane] += weight[i + lane] * (gain if gain > 0.0 else 0.0)
            similar[i + lane] = 0.0
    for i in range(whole, n):
        sums[i - whole] += weight[i] * max(0.0, similar[i] - best[i])
        similar[i] = 0.0
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))


@jit
def start_choose(first, column, value, t_first, t_row, t_value, weight, turns, best, similar, lost):
    """One more centre by greedy k-means++: of the rows drawn at `turns`, the one that brings most.

    IN turns float64[trials], in [0, 1). INOUT best float64[n] (highest similarity so far, at least 0).
    Scratch: similar float64[n] (zeros), lost float64[n]. Returns the row.
    """
    total = 0.0
    for i in range(best.shape[0]):
        total += weight[i] * max(0.0, 1.0 - best[i])
        lost[i] = total
    chosen, most = -1, -1.0
    for turn in turns:
        row = min(np.searchsorted(lost, turn * total, side="right"), best.shape[0] - 1)
        start_spread(column, value, first[row], first[row + 1], t_first, t_row, t_value, similar)
        gain = start_gain(weight, best, similar)
        if gain > most:
            chosen, most = row, gain
    start_spread(column, value, first[chosen], first[chosen + 1], t_first, t_row, t_value, similar)
    for i in range(best.shape[0]):
        best[i] = max(best[i], similar[i])
        similar[i] = 0.0
    return chosen

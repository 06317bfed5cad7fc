"""Terms that set parts of a tree apart from what surrounds them. Called by partita.text.naming."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_DEVIATIONS = 2.0
_ENOUGH = 2.0
_UNSURE = 1e-6
_REPEATED = 0.1


@jit
def contrast_terms(
    indptr, indices, row, start, stop, context, by_context, weight, prior,
    count, around, touched, slot, held, best, score,
):  # fmt: skip
    """Best terms of every part against the rest of its context, in the order of a greedy cover.

    Parameters
    ----------
    indptr, indices : IN, CSR of the distinct terms of each document
    row : IN intp[n], document row of each place in the order of the hierarchy
    start, stop : IN intp[m], slices of the parts in that order
    context : IN intp[m], the part against which each stands (itself inside), or -1 for none
    by_context : IN intp[m], the parts with equal context together
    weight : IN float64[n_terms], 0 where a term may not be in a name
    prior : IN float, documents that the prior counts for
    count, around : WORK float64[n_terms], zero before and after
    touched : WORK int32[n_terms]
    slot : WORK int32[n_terms], zero before and after
    held : WORK uint64[n]
    best : OUT int32[m, k], k <= 64, the terms of largest score, ordered so that each adds most to the cover
        of the documents by those before it; -1 where there are no more
    score : OUT float64[m, k], -inf before

    Notes
    -----
    O(sum of the sizes of the parts, in terms). Parts of one context share its counts.
    """
    at = 0
    m = len(by_context)
    while at < m:
        here = context[by_context[at]]
        n_around = 0
        if here >= 0:
            n_around = stop[here] - start[here]
            _add(indptr, indices, row, start[here], stop[here], 1.0, around)
        while at < m and context[by_context[at]] == here:
            part = by_context[at]
            n_touched = _collect(indptr, indices, row, start[part], stop[part], count, touched)
            size = stop[part] - start[part]
            for i in range(n_touched):
                term = touched[i]
                if weight[term] > 0.0:
                    value = count[term] / size
                    if here >= 0:
                        value = _score(count[term], size, around[term] - count[term], n_around - size, prior)
                    _insert(best[part], score[part], term, value * weight[term])
            for i in range(n_touched):
                count[touched[i]] = 0.0
            _order_by_cover(
                indptr, indices, row, start[part], stop[part], slot, held, best[part], score[part]
            )
            at += 1
        if here >= 0:
            _add(indptr, indices, row, start[here], stop[here], 0.0, around)


@jit
def _add(indptr, indices, row, first, last, amount, out):
    for place in range(first, last):
        for i in range(indptr[row[place]], indptr[row[place] + 1]):
            out[indices[i]] = out[indices[i]] + 1.0 if amount > 0.0 else 0.0


@jit
def _collect(indptr, indices, row, first, last, count, touched):
    n = 0
    for place in range(first, last):
        for i in range(indptr[row[place]], indptr[row[place] + 1]):
            term = indices[i]
            if count[term] == 0.0:
                touched[n] = term
                n += 1
            count[term] += 1.0
    return n


@jit
def _score(inside, n_inside, outside, n_outside, prior):
    """Bounded lower end of the log odds ratio, times the share of documents; a trace where it is not sure."""
    common = (inside + outside) / (n_inside + n_outside)
    a, b = prior * common, prior * (1.0 - common) + 0.5
    yes, no = inside + a, n_inside - inside + b
    yes_out, no_out = outside + a, n_outside - outside + b
    difference = np.log(yes / no) - np.log(yes_out / no_out)
    deviation = np.sqrt(1.0 / yes + 1.0 / no + 1.0 / yes_out + 1.0 / no_out)
    share = yes / (n_inside + prior)
    low = difference - _DEVIATIONS * deviation
    if low > 0.0:
        return min(low, _ENOUGH) * share
    return _UNSURE * difference / deviation * share


@jit
def _mark_held(indptr, indices, row, first, last, slot, held, total):
    """For each document, one bit for each candidate term that it holds; and the documents that hold each."""
    for place in range(first, last):
        bits = np.uint64(0)
        for i in range(indptr[row[place]], indptr[row[place] + 1]):
            at = slot[indices[i]] - 1
            if at >= 0:
                bits |= np.uint64(1) << np.uint64(at)
                total[at] += 1.0
        held[place - first] = bits


@jit
def _cover(held, pick, fresh):
    """Take the documents that hold candidate `pick` from those that are not covered yet."""
    mark = np.uint64(1) << np.uint64(pick)
    for j in range(len(held)):
        if held[j] & mark:
            for i in range(len(fresh)):
                if held[j] >> np.uint64(i) & np.uint64(1):
                    fresh[i] -= 1.0
            held[j] = np.uint64(0)


@jit
def _order_by_cover(indptr, indices, row, first, last, slot, held, terms, scores):
    """Each next term has the largest score times the share of its documents that none before it holds."""
    k = 0
    while k < len(terms) and terms[k] >= 0:
        slot[terms[k]] = k + 1
        k += 1
    left, value, total = terms[:k].copy(), scores[:k].copy(), np.zeros(k)
    _mark_held(indptr, indices, row, first, last, slot, held, total)
    slot[left] = 0
    fresh = total.copy()
    for rank in range(k):
        pick, most = 0, -1.0
        for i in range(k):
            gain = value[i] * (_REPEATED + (1.0 - _REPEATED) * fresh[i] / total[i])
            if left[i] >= 0 and gain > most:
                pick, most = i, gain
        terms[rank], scores[rank] = left[pick], most
        left[pick] = -1
        _cover(held[: last - first], pick, fresh)


@jit
def _insert(terms, scores, term, value):
    k = len(terms)
    if value <= 0.0 or (terms[k - 1] >= 0 and not _before(value, term, scores[k - 1], terms[k - 1])):
        return
    i = k - 1
    while i > 0 and (terms[i - 1] < 0 or _before(value, term, scores[i - 1], terms[i - 1])):
        terms[i], scores[i] = terms[i - 1], scores[i - 1]
        i -= 1
    terms[i], scores[i] = term, value


@jit
def _before(value, term, other_value, other_term):
    return value > other_value or (value == other_value and term < other_term)

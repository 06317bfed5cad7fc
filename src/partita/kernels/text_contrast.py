"""Terms that set parts of a tree apart from what surrounds them. Called by partita.text.naming."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_DEVIATIONS = 2.0
_UNSURE = 1e-6


@jit
def contrast_terms(
    indptr, indices, row, start, stop, context, by_context, weight, prior, count, around, touched, best, score
):
    """Best terms of every part against the rest of its context.

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
    best : OUT int32[m, k], terms by falling score, -1 where there are no more
    score : OUT float64[m, k]

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
                    rest = around[term] - count[term] if here >= 0 else 0.0
                    value = (
                        _score(count[term], size, rest, n_around - size, prior)
                        if here >= 0
                        else count[term] / size
                    )
                    _insert(best[part], score[part], term, value * weight[term])
            for i in range(n_touched):
                count[touched[i]] = 0.0
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
    """Lower bound of the log odds ratio, times the share of documents; a trace of it where it is not sure."""
    common = (inside + outside) / (n_inside + n_outside)
    a, b = prior * common, prior * (1.0 - common) + 0.5
    yes, no = inside + a, n_inside - inside + b
    yes_out, no_out = outside + a, n_outside - outside + b
    difference = np.log(yes / no) - np.log(yes_out / no_out)
    deviation = np.sqrt(1.0 / yes + 1.0 / no + 1.0 / yes_out + 1.0 / no_out)
    share = yes / (n_inside + prior)
    low = difference - _DEVIATIONS * deviation
    if low > 0.0:
        return low * share
    return _UNSURE * difference / deviation * share


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

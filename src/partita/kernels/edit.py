"""Edit (Levenshtein) distances of strings, 64 rows of the table at a time in the bits of a word.

G. Myers, A fast bit-vector algorithm for approximate string matching based on dynamic programming, JACM 46
(1999), doi:10.1145/316542.316550, in blocks as H. Hyyrö gave them (2003). Called by dissimilarities.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_ONE = np.uint64(1)
_LAST = np.uint64(63)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@jit
def pattern_enter(pattern, masks):
    """Where each letter stands in `pattern`. OUT masks uint64 (letters, words), zeros at first."""
    for i in range(pattern.shape[0]):
        masks[pattern[i], i >> 6] |= _ONE << np.uint64(i & 63)


@jit
def pattern_leave(pattern, masks):
    """Undo ``pattern_enter``: zeros again."""
    for i in range(pattern.shape[0]):
        masks[pattern[i], i >> 6] = np.uint64(0)


@jit
def edit_distance(length, masks, up, down, text):
    """Insertions, deletions and exchanges that turn the entered pattern into `text`, at least.

    IN length (of the pattern), masks (pattern_enter), text (letters). Scratch up, down uint64[words].
    """
    if length == 0:
        return text.shape[0]
    words, distance = (length + 63) >> 6, length
    last = _ONE << np.uint64((length - 1) & 63)
    for w in range(words):
        up[w], down[w] = _ALL, np.uint64(0)
    for j in range(text.shape[0]):
        plus, minus = _ONE, np.uint64(0)  # the first row of the table grows by 1 in each column
        for w in range(words):
            found, vp, vn = masks[text[j], w], up[w], down[w]
            seen = found | minus
            diagonal = (((seen & vp) + vp) ^ vp) | seen
            hp, hn = vn | ~(diagonal | vp), vp & diagonal
            if w == words - 1:
                distance += ((hp & last) != 0) - ((hn & last) != 0)
            plus_out, minus_out = hp >> _LAST, hn >> _LAST
            hp, hn = (hp << _ONE) | plus, (hn << _ONE) | minus
            vertical = found | vn
            up[w], down[w] = hn | ~(vertical | hp), hp & vertical
            plus, minus = plus_out, minus_out
    return distance


@jit
def edit_block(letters_a, first_a, rows, letters_b, first_b, columns, n_letters, out):
    """Edit distances of strings `rows` of a to strings `columns` of b.

    IN letters int32 (all strings one after the other, numbered 0 to n_letters - 1), first intp[n + 1].
    OUT out float (rows, columns).
    """
    longest = 0
    for row in rows:
        longest = max(longest, first_a[row + 1] - first_a[row])
    words = max(1, (longest + 63) >> 6)
    masks = np.zeros((n_letters, words), np.uint64)
    up, down = np.empty(words, np.uint64), np.empty(words, np.uint64)
    for i in range(rows.shape[0]):
        pattern = letters_a[first_a[rows[i]] : first_a[rows[i] + 1]]
        pattern_enter(pattern, masks)
        for j in range(columns.shape[0]):
            text = letters_b[first_b[columns[j]] : first_b[columns[j] + 1]]
            out[i, j] = edit_distance(pattern.shape[0], masks, up, down, text)
        pattern_leave(pattern, masks)

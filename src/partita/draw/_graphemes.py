"""Where a text may be cut: between what readers see as letters. Callers: labels.

The rules of Unicode's annex 29 with the standard library's tables: accents, emoji joined or coloured, flags,
Hangul syllables and letters joined by a virama stay whole. Where the tables don't tell, nothing is cut.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_MARKS = frozenset(("Mn", "Me", "Mc"))
_VIRAMAS = 9


def graphemes(text: str) -> list[str]:
    """The letters of `text` as readers see them; joined they are `text` again.

    Examples
    --------
    >>> len(graphemes("e\u0301te\u0301")), len(graphemes("\U0001f468\u200d\U0001f469\u200d\U0001f467"))
    (3, 1)
    """
    letters: list[str] = []
    for mark in text:
        if letters and _belongs(letters[-1], mark):
            letters[-1] += mark
        else:
            letters.append(mark)
    return letters


def _belongs(letter: str, mark: str) -> bool:
    """Whether `mark` goes on with `letter`, which isn't empty."""
    if mark < "\u0300" and letter < "\u0300":
        return letter == "\r" and mark == "\n"
    last = letter[-1]
    if last in "\r\n":
        return False
    if _extends(mark):
        return True
    if last == _JOINER:
        return unicodedata.category(letter[0]) in ("So", "Sk", "Sm", "Po", "Lo", "Mn")
    if unicodedata.combining(last) == _VIRAMAS:
        return unicodedata.category(mark) == "Lo"
    return _is_flag_half(mark, letter) or _goes_on_syllable(last, mark)


def _extends(mark: str) -> bool:
    code = ord(mark)
    if code in (0x200C, 0x200D) or 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return True
    return unicodedata.category(mark) in _MARKS or code in (0x0E33, 0x0EB3, 0xFF9E, 0xFF9F)


def _is_flag_half(mark: str, letter: str) -> bool:
    return _is_region(mark) and len(letter) == 1 and _is_region(letter)


def _is_region(mark: str) -> bool:
    return 0x1F1E6 <= ord(mark) <= 0x1F1FF


def _goes_on_syllable(last: str, mark: str) -> bool:
    """Hangul: leading consonants, vowels and trailing consonants make one block."""
    before, kind = _jamo(last), _jamo(mark)
    return (before, kind) in {
        ("L", "L"), ("L", "V"), ("L", "LV"), ("L", "LVT"), ("V", "V"), ("V", "T"),
        ("LV", "V"), ("LV", "T"), ("LVT", "T"), ("T", "T"),
    }  # fmt: skip


def _jamo(mark: str) -> str:
    code = ord(mark)
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    for kind, ranges in _JAMO_RANGES.items():
        if any(low <= code <= high for low, high in ranges):
            return kind
    return ""


_JAMO_RANGES = {
    "L": ((0x1100, 0x115F), (0xA960, 0xA97C)),
    "V": ((0x1160, 0x11A7), (0xD7B0, 0xD7C6)),
    "T": ((0x11A8, 0x11FF), (0xD7CB, 0xD7FB)),
}

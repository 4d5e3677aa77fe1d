"""Finding by a few typed letters: which texts they can mean, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest

_WORD_BREAKS = " _-/.:"
_SCATTERED = 1000.0


def score(words: Sequence[str], text: str) -> float | None:
    """How far typed words are from a text: 0 is best, None means that it cannot be meant.

    Parameters
    ----------
    words : sequence of str
        In lower case. Each must occur, in one piece or, worse, letter by letter from the
        beginning of a word on.
    text : str
        In lower case.

    Notes
    -----
    A word at the beginning beats one at the beginning of a word, and that beats one within; a
    shorter text beats a longer one.
    """
    total = 0.01 * len(text)
    for word in words:
        at = text.find(word)
        if at == 0:
            continue
        if at > 0:
            total += 10.0 if _starts_a_word(word, text, at) else 50.0
            continue
        spread = _spread(word, text)
        if spread is None:
            return None
        total += _SCATTERED + spread
    return total


def _starts_a_word(word: str, text: str, at: int) -> bool:
    """Whether what was found at `at`, or further on, begins a word of the text."""
    while at > 0 and text[at - 1] not in _WORD_BREAKS:
        at = text.find(word, at + 1)
    return at > 0


def _spread(word: str, text: str) -> int | None:
    """Letters from the first, which begins a word, to the last of a word's, which come in order.

    None if one is missing.
    """
    at = first = text.find(word[0])
    while at > 0 and text[at - 1] not in _WORD_BREAKS:
        at = first = text.find(word[0], at + 1)
    if at < 0:
        return None
    for letter in word[1:]:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
    return at - first


def best(query: str, texts: Sequence[str], limit: int) -> list[int]:
    """Indices of the texts that a query can mean, the likeliest first, at most `limit`.

    Parameters
    ----------
    texts : sequence of str
        In lower case. Among equals the earlier one comes first.
    """
    words = query.lower().split()
    if not words:
        return list(range(min(limit, len(texts))))
    scored = ((score(words, text), i) for i, text in enumerate(texts))
    return [i for _, i in nsmallest(limit, ((s, i) for s, i in scored if s is not None))]


def ranked(query: str, groups: Sequence[Sequence[str]], limit: int) -> list[tuple[int, int]]:
    """What a query can mean of several groups of texts: pairs of group and index, best first.

    Whole words come before scattered letters, then an earlier group before a later one: ten
    thousand clips of a name must not bury the command.
    """
    words = query.lower().split()
    found = [
        (match, group, i)
        for group, texts in enumerate(groups)
        for i in best(query, texts, limit)
        if (match := score(words, texts[i])) is not None
    ]
    found.sort(key=lambda f: (f[0] >= _SCATTERED, f[1], f[0] if words else 0.0))
    return [(group, i) for _, group, i in found[:limit]]

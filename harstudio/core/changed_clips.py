"""Which clips of a large project an edit touched: asked by every view after every edit."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from operator import is_not

from harstudio.core.project import Clip


def changed_ids(before: Mapping[str, Clip], after: Mapping[str, Clip]) -> list[str]:
    """Ids of the clips that were added, replaced by another object, or (last) removed.

    Nothing of 11,000 clips is looked into, and all that are the same are passed over in C.
    """
    if before is after:
        return []
    if len(before) == len(after) and list(before) == list(after):
        return list(compress(after, map(is_not, before.values(), after.values())))
    touched = [i for i, clip in after.items() if before.get(i) is not clip]
    return touched + [i for i in before if i not in after]

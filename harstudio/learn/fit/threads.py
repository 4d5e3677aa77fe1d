"""How many threads numerical work may use."""

from __future__ import annotations

import os


def core_count() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_count() -> int:
    """All cores but one, so that the window stays quick; fewer if the person asked for fewer."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    most = max(1, core_count() - 1)
    return min(most, int(asked)) if asked.isdigit() and int(asked) > 0 else most

"""Windows without content, for tests of what goes where."""

from __future__ import annotations

import numpy as np

from harstudio.learn.data.windows import WindowSet


def table(rows: list[tuple[str, str, str, int]]) -> WindowSet:
    """Windows without content: (subject, clip, label, how many), half-overlapping in time."""
    subjects = tuple(dict.fromkeys(row[0] for row in rows))
    clips = tuple(dict.fromkeys(row[1] for row in rows))
    labels = tuple(sorted({row[2] for row in rows}))
    spread = [(s, c, label, k) for s, c, label, n in rows for k in range(n)]
    start = np.array([0.5 * k for *_, k in spread])
    return WindowSet(
        signals=np.zeros((len(spread), 60, 1), np.float32),
        codes=np.array([labels.index(label) for _, _, label, _ in spread], np.int64),
        labels=labels,
        channels=("wrist acc_x",),
        rate_hz=60.0,
        clip_ids=clips,
        clip_index=np.array([clips.index(c) for _, c, _, _ in spread], np.int64),
        subjects=subjects,
        subject_index=np.array([subjects.index(s) for s, _, _, _ in spread], np.int64),
        start_s=start,
        end_s=start + 1.0,
        real=np.zeros(len(spread), bool),
    )


def study(subjects: int, per_clip: int = 10, clips: int = 1) -> WindowSet:
    return table([(f"s{i}", f"s{i}-{label}-{c}", label, per_clip) for i in range(subjects)
                  for label in ("run", "walk") for c in range(clips)])  # fmt: skip

"""What a user would pick instead: the full mesh, posed by smplx."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harstudio.body.files import open_body
from harstudio.core.skeleton import PARENTS


def smplx_model() -> Any:
    """The open body as a smplx model, on one thread; skips where smplx is not installed."""
    pytest.importorskip("smplx", reason="the extra `smplx` is not installed")
    import smplx
    import torch
    from smplx.utils import Struct

    torch.set_num_threads(1)
    body = open_body()
    return smplx.SMPL(
        model_path="",
        data_struct=Struct(
            v_template=body.template, f=body.faces, weights=body.weights,
            shapedirs=body.shape_directions, J_regressor=body.joint_regressor,
            posedirs=np.zeros((body.vertex_count, 3, 207)),
            kintree_table=np.array([PARENTS, range(24)]),
        ),
        vertex_ids=dict.fromkeys(("nose", "reye", "leye", "rear", "lear"), 0),
        use_hands=False, use_feet_keypoints=False, batch_size=1,
    )  # fmt: skip

"""Stretches as key poses: what differs from standing, on the left side; the right is mirrored.

Angles in degrees, lengths in metres for a leg of 0.78 m. Repertoire: the static stretches of
ACSM's Guidelines for Exercise Testing and Prescription (11th ed.) that need no equipment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.demo.rig import COLUMN, HANDLES, SIDES, Build, mirrored_rig

Pose = Mapping[str, float]

REFERENCE_LEG_M = 0.78
_LENGTHS = (
    "pelvis_x", "pelvis_y", "pelvis_z",
    *(f"{side}_foot_{name}" for side in SIDES for name in ("x", "y", "lift")),
)  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """A pose to go into, hold or pulse in, and leave.

    Attributes
    ----------
    poses : key poses in order, each held
    through : pose passed on the way in and out, such as a step aside before a lunge
    reach_s : seconds to reach each key pose
    hold_s : seconds held in each
    pulse : share of the pose by which the holder bobs in and out
    one_sided : done on either side
    """

    poses: tuple[Pose, ...]
    through: Pose | None = None
    reach_s: float = 1.2
    hold_s: float = 1.5
    pulse: float = 0.0
    one_sided: bool = False


def both(**handles: float) -> Pose:
    """The same values on the left and on the right; feet's y is taken outwards."""
    pose: dict[str, float] = {}
    for name, value in handles.items():
        if name in COLUMN:
            pose[name] = value
            continue
        for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
            pose[f"{side}_{name}"] = value * (sign if name in ("foot_y", "foot_yaw") else 1.0)
    return pose


def offsets(pose: Pose, build: Build, *, mirror: bool = False) -> FloatArray:
    """(C,) what a pose adds to standing, in m and rad, for a body of this build."""
    row = np.zeros(len(HANDLES))
    for name, value in pose.items():
        length = name in _LENGTHS
        row[COLUMN[name]] = value * (build.leg_m / REFERENCE_LEG_M if length else np.pi / 180.0)
    return mirrored_rig(row) if mirror else row


ARM_STRETCHES: tuple[Stretch, ...] = (
    Stretch(  # reach up, on the toes
        (both(arm_flex=168, arm_out=-6, elbow=-6, foot_pitch=-22, pelvis_z=0.05, pelvis_x=0.03,
              spine_flex=-9, head_flex=-14),),
        reach_s=1.3, hold_s=1.6,
    ),
    Stretch(  # arms out to the side and back, chest open
        (both(arm_out=76, elbow=-6, arm_across=-28, arm_twist=-35, spine_flex=-10, head_flex=-6),
         both(arm_out=76, elbow=-6, arm_across=62, arm_twist=10, spine_flex=8, head_flex=6)),
        reach_s=0.9, hold_s=0.35,
    ),
    Stretch(  # lean to the side with one arm overhead
        ({"left_arm_out": 148, "left_arm_flex": 6, "left_elbow": 18, "left_arm_twist": 30,
          "spine_bend": -26, "pelvis_roll": -5, "head_bend": -10, "pelvis_y": 0.05,
          "right_arm_out": 14, "right_elbow": 4},),
        reach_s=1.2, hold_s=1.5, pulse=0.12, one_sided=True,
    ),
    Stretch(  # pull one arm across the chest with the other
        ({"left_arm_flex": 82, "left_arm_across": 50, "left_elbow": 0, "left_forearm": 25,
          "right_arm_flex": 62, "right_arm_across": 6, "right_elbow": 92, "right_arm_twist": 28,
          "spine_twist": -8, "head_twist": 14},),
        reach_s=1.1, hold_s=2.0, pulse=0.08, one_sided=True,
    ),
    Stretch(  # elbow behind the head, pulled by the other hand
        ({"left_arm_flex": 162, "left_arm_out": -8, "left_elbow": 122, "left_arm_twist": 25,
          "right_arm_flex": 152, "right_arm_out": 2, "right_elbow": 84, "right_arm_twist": 62,
          "spine_bend": -6, "head_flex": 10, "spine_flex": -4},),
        reach_s=1.4, hold_s=1.8, pulse=0.06, one_sided=True,
    ),
)  # fmt: skip

LEG_STRETCHES: tuple[Stretch, ...] = (
    Stretch(  # bend forward to the toes
        (both(pelvis_pitch=62, spine_flex=48, head_flex=10, pelvis_x=-0.11, arm_flex=96, arm_out=-2,
              elbow=-5),),
        reach_s=1.6, hold_s=1.8, pulse=0.08,
    ),
    Stretch(  # lunge to the side, hands on the bent leg
        ({"left_foot_y": 0.5, "left_foot_yaw": 18, "pelvis_y": 0.40, "pelvis_z": -0.30,
          "pelvis_x": -0.1, "pelvis_pitch": 28, "spine_flex": 14, "head_flex": -18,
          "left_knee_out": 16, "left_arm_flex": 42, "left_elbow": 32, "right_arm_flex": 46,
          "right_arm_across": 24, "right_elbow": 38},),
        {"left_foot_y": 0.5, "left_foot_yaw": 18, "pelvis_y": 0.16, "pelvis_z": -0.06},
        reach_s=0.9, hold_s=1.5, pulse=0.08, one_sided=True,
    ),
    Stretch(  # lunge forward, hands on the leg in front
        ({"left_foot_x": 0.62, "pelvis_x": 0.34, "pelvis_z": -0.3, "right_foot_pitch": -52,
          "pelvis_pitch": 8, "spine_flex": 8, "left_arm_flex": 34, "left_elbow": 34,
          "right_arm_flex": 34, "right_elbow": 40, "right_arm_across": 12},),
        {"left_foot_x": 0.62, "pelvis_x": 0.24, "pelvis_z": -0.1, "right_foot_pitch": -20},
        reach_s=0.9, hold_s=1.6, pulse=0.08, one_sided=True,
    ),
    Stretch(  # heel to the buttock, standing on the other leg
        ({"pelvis_y": -0.075, "left_foot_lift": 0.7, "left_foot_x": -0.44, "left_foot_pitch": -110,
          "left_foot_y": -0.02, "left_arm_flex": -38, "left_arm_out": -2, "left_elbow": 2,
          "right_arm_out": 38, "right_elbow": 8, "pelvis_pitch": 5, "pelvis_roll": -4,
          "spine_bend": 4},),
        reach_s=1.3, hold_s=2.2, pulse=0.02, one_sided=True,
    ),
    Stretch(  # one heel ahead, toes up, lean over the straight leg
        ({"left_foot_x": 0.34, "left_foot_pitch": 22, "pelvis_x": -0.09, "pelvis_z": -0.1,
          "pelvis_pitch": 42, "spine_flex": 22, "left_arm_flex": 74, "right_arm_flex": 60,
          "right_elbow": 12, "right_arm_across": 8},),
        {"left_foot_x": 0.34, "left_foot_pitch": 22, "pelvis_x": -0.02, "pelvis_z": -0.05},
        reach_s=0.9, hold_s=1.7, pulse=0.1, one_sided=True,
    ),
    Stretch(  # squat with the feet apart
        (both(foot_y=0.14, foot_yaw=20, pelvis_z=-0.38, pelvis_x=-0.19, pelvis_pitch=40,
              spine_flex=10, head_flex=-26, knee_out=22, arm_flex=58, elbow=12, arm_across=4),),
        both(foot_y=0.14, foot_yaw=20, pelvis_z=-0.04),
        reach_s=1.0, hold_s=0.7,
    ),
)  # fmt: skip

#: Sitting on an invisible chair, hands over an invisible keyboard.
AT_DESK: Pose = both(
    pelvis_x=-0.40, pelvis_z=-0.37, pelvis_pitch=-6, spine_flex=14, head_flex=10,
    foot_x=0.02, foot_y=0.03, foot_yaw=4, knee_out=3,
    arm_flex=28, arm_out=2, arm_twist=16, arm_across=3, elbow=66, forearm=48, wrist_flex=-8,
)  # fmt: skip
#: What changes when the right hand takes the mouse, and when leaning back.
AT_MOUSE: Pose = {"right_arm_out": 8, "right_arm_flex": 9, "right_elbow": -10,
                  "right_arm_twist": -20, "spine_twist": -3}  # fmt: skip
LEANING_BACK: Pose = {"pelvis_pitch": -10, "spine_flex": -8, "head_flex": 8, "left_arm_flex": -14,
                      "right_arm_flex": -14, "left_elbow": -8, "right_elbow": -8}  # fmt: skip

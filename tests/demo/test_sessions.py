"""What a made-up session must hold to look human: feet, joints, flight, gait, labels."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from harstudio.body.files import open_body
from harstudio.body.kinematics import Skin, forward_kinematics
from harstudio.core import rotations
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY
from harstudio.core.skeleton import joint_index
from harstudio.demo.activities import ACTIVITIES, session
from harstudio.demo.people import SHAPE_LIMIT, people

SCRIPT = tuple((activity, 14.0) for activity in ACTIVITIES)
RATE = 60.0


def shaped_for(person):
    return open_body().shaped(np.array(person.betas))


@pytest.fixture(scope="module")
def takes():
    """Four people: (person, motion, labels, joint rotations, joint positions)."""
    made = []
    for person in people(3, 4):
        shaped = shaped_for(person)
        motion, labels = session(person, SCRIPT, shaped.joints, RATE, 5)
        frames = forward_kinematics(motion.pose, motion.translation, shaped.joints)
        made.append((person, motion, labels, frames.rotations, frames.positions))
    return made


def span(labels, activity):
    segment = next(s for s in labels.segments if s.label == activity)
    return slice(round(segment.start_s * RATE), round(segment.end_s * RATE))


def test_the_same_seed_gives_the_same_motion_and_another_seed_another():
    person = people(1, 1)[0]
    joints = shaped_for(person).joints
    script = [("walking", 5.0), ("computer_work", 5.0)]
    first, again, other = (session(person, script, joints, RATE, s)[0] for s in (4, 4, 5))
    np.testing.assert_array_equal(first.pose, again.pose)
    np.testing.assert_array_equal(first.translation, again.translation)
    assert np.abs(first.pose - other.pose).max() > 0.1


def test_people_differ_in_name_shape_and_manner_and_a_group_only_grows():
    group = people(2, 24)
    assert people(2, 3) == group[:3]
    assert len({p.name for p in group}) == len({p.betas for p in group}) == 24
    assert len({p.style for p in group}) == 24
    assert {p.gender for p in group} == {"female", "male"}
    assert np.abs([p.betas for p in group]).max() <= SHAPE_LIMIT
    assert people(2, 3) != people(3, 3)


def test_a_motion_carries_its_persons_shape(takes):
    for person, motion, *_ in takes:
        assert motion.shape_space == "openbody"
        assert tuple(motion.betas) == person.betas
        assert motion.gender == person.gender


def test_activities_are_labelled_for_their_time_and_transitions_are_gaps(takes):
    for _, motion, labels, *_ in takes:
        assert [s.label for s in labels.segments] == list(ACTIVITIES)
        assert labels.segments[0].start_s == 0.0
        assert all(s.duration_s == pytest.approx(14.0) for s in labels.segments)
        gaps = [b.start_s - a.end_s for a, b in pairwise(labels.segments)]
        assert gaps == pytest.approx([0.8, 0.8, 0.8, 1.7], abs=0.02)
        assert labels.segments[-1].end_s == pytest.approx(motion.duration_s)


@pytest.mark.parametrize(
    ("script", "rate", "what"),
    [
        ([("juggling", 5.0)], 60.0, "juggling"),
        ([("walking", 1.0)], 60.0, "at least 4 s"),
        ([("walking", float("nan"))], 60.0, "at least 4 s"),
        ([], 60.0, "0 activities"),
        ([("walking", 5.0)], 10.0, "at least 20"),
        ([("walking", 5.0)], -60.0, "above 0"),
    ],
)
def test_a_script_that_cannot_be_played_is_refused_and_says_why(script, rate, what):
    person = people(1, 1)[0]
    with pytest.raises(HarstudioError, match=what):
        session(person, script, shaped_for(person).joints, rate, 0)


@pytest.mark.parametrize("activity", ACTIVITIES)
@pytest.mark.parametrize("rate", [25.0, 120.0])
def test_the_shortest_activities_can_be_made_at_any_rate(activity, rate):
    person = people(6, 1)[0]
    motion, labels = session(person, [(activity, 4.0)], shaped_for(person).joints, rate, 1)
    assert motion.frames == round(4.0 * rate)
    assert motion.rate_hz == rate
    assert labels.labels == (activity,)
    if activity not in ("walking", "computer_work"):
        assert np.ptp(motion.pose, axis=0).max() > 0.5, "something happens in four seconds"


def test_no_joint_turns_more_than_a_third_of_a_radian_from_frame_to_frame(takes):
    for _, motion, *_ in takes:
        local = rotations.exp(motion.pose)
        assert rotations.angle_between(local[1:], local[:-1]).max() < 0.35


def test_knees_and_elbows_never_bend_backwards(takes):
    for _, motion, *_ in takes:
        for side, sign in (("left", 1.0), ("right", -1.0)):
            knee = motion.pose[:, joint_index(f"{side}_knee")]
            assert knee[:, 0].min() > 0.0
            assert knee[:, 0].max() < 2.6, "a heel cannot pass through the buttock"
            assert np.abs(knee[:, 1:]).max() < 1e-9, "a knee is a hinge"
            forearm = rotations.exp(motion.pose[:, joint_index(f"{side}_elbow")])[:, :, 0] * sign
            flexion = np.arctan2(forearm[:, 2], sign * forearm[:, 0])
            assert flexion.min() > -0.05
            assert flexion.max() < 2.6


def test_the_lowest_point_of_the_body_is_on_the_floor_except_in_flight(takes):
    for person, motion, labels, *_ in takes[:2]:
        shaped = shaped_for(person)
        grounded = np.ones(motion.frames, bool)
        grounded[span(labels, "jumping")] = False
        chosen = np.flatnonzero(grounded)[::45]
        frames = forward_kinematics(motion.pose[chosen], motion.translation[chosen], shaped.joints)
        lowest = Skin(shaped).vertices(frames)[..., 2].min(axis=1)
        assert lowest.min() > -0.02
        assert lowest.max() < 0.02


def test_a_flying_body_falls_with_gravity(takes):
    for _, _, labels, _, positions in takes:
        jumps = span(labels, "jumping")
        feet = positions[jumps][:, [joint_index("left_foot"), joint_index("right_foot")], 2]
        flying = feet.min(axis=1) > 0.03
        fall = np.diff(positions[jumps, 0, 2], 2) * RATE**2
        inside = flying[1:-1] & flying[:-2] & flying[2:]
        assert inside.sum() > 10
        np.testing.assert_allclose(fall[inside], -GRAVITY, atol=0.35)
        starts = np.flatnonzero(np.diff(flying.astype(int)) == 1)
        assert len(starts) >= 3, "several jumps"


def test_legs_bend_before_and_after_a_jump(takes):
    for _, motion, labels, _, positions in takes:
        jumps = span(labels, "jumping")
        feet = positions[jumps][:, [joint_index("left_foot"), joint_index("right_foot")], 2]
        flying = feet.min(axis=1) > 0.02
        knee = motion.pose[jumps][:, joint_index("left_knee"), 0]
        for start in np.flatnonzero(np.diff(flying.astype(int)) == 1):
            stop = start + 1 + int(np.argmin(flying[start + 1 :]))
            assert knee[max(start - 40, 0) : start].max() > 0.6
            assert knee[stop : stop + 30].max() > 0.6


def standing_spells(ball):
    """Runs of frames in which the ball of a foot is on the floor."""
    down = np.concatenate([[0], (ball[:, 2] < 0.012).astype(int), [0]])
    edges = np.flatnonzero(np.diff(down))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 8]


def test_a_foot_that_stands_in_walking_slides_less_than_three_centimetres(takes):
    for _, _, labels, _, positions in takes:
        walk = positions[span(labels, "walking")]
        for side in ("left", "right"):
            ball = walk[:, joint_index(f"{side}_foot")]
            spells = standing_spells(ball)
            assert len(spells) >= 8
            for spell in spells:
                assert np.ptp(ball[spell, :2], axis=0).max() < 0.03


def test_walkers_go_where_they_look_at_a_human_pace_and_stay_in_the_room(takes):
    for _, motion, labels, turns, positions in takes:
        walk = span(labels, "walking")
        path = positions[walk, 0, :2]
        velocity = np.gradient(path, 1 / RATE, axis=0)[90:-90]
        speed = np.linalg.norm(velocity, axis=1)
        assert 0.8 < speed.mean() < 1.6
        ahead = turns[walk][90:-90, 0, :2, 2]
        cosine = np.sum(ahead * velocity, axis=1) / speed / np.linalg.norm(ahead, axis=1)
        assert cosine.min() > 0.85
        assert np.abs(motion.translation[:, :2]).max() < 8.0
        heading = np.unwrap(np.arctan2(velocity[:, 1], velocity[:, 0]))
        assert abs(heading[-1] - heading[0]) > 2.0, "the path curves"


def test_arms_swing_against_the_legs_and_shoulders_against_the_hips(takes):
    for _, _, labels, _, positions in takes:
        walk = span(labels, "walking")
        p = positions[walk][90:-90]
        path = gaussian_filter1d(positions[walk, 0], 0.4 * RATE, axis=0)
        ahead = rotations.normalised(np.gradient(path, axis=0)[90:-90] * (1.0, 1.0, 0.0))

        def lead(name, p=p, ahead=ahead):
            between = p[:, joint_index(f"left_{name}")] - p[:, joint_index(f"right_{name}")]
            return np.sum(between * ahead, axis=1)

        assert np.corrcoef(lead("wrist"), lead("ankle"))[0, 1] < -0.85
        assert np.corrcoef(lead("shoulder"), lead("hip"))[0, 1] < -0.5


def test_the_knee_follows_the_normative_gait_curve(takes):
    """Winter: about 60 deg in swing, 5-20 deg in stance, one swing peak a stride."""
    for person, motion, labels, *_ in takes:
        knee = np.degrees(motion.pose[span(labels, "walking")][90:-90, joint_index("left_knee"), 0])
        assert 45 < np.percentile(knee, 98) < 72
        assert np.percentile(knee, 5) < 12
        assert 8 < np.median(knee) < 25
        rises = np.sum((knee[1:] > 40) & (knee[:-1] <= 40))
        strides = len(knee) / RATE * person.style.cadence_hz / 2
        assert abs(rises - strides) <= 1.5


def test_computer_work_is_seated_with_both_hands_before_the_body(takes):
    for _, _, labels, turns, positions in takes:
        work = span(labels, "computer_work")
        p = positions[work]
        assert p[:, 0, 2].max() < 0.7, "the pelvis is at the height of a seat"
        ahead = turns[work][:, 0, :, 2]
        for side in ("left", "right"):
            reach = p[:, joint_index(f"{side}_wrist")] - p[:, joint_index("spine2")]
            assert np.sum(reach * ahead, axis=1).min() > 0.1
            assert p[:, joint_index(f"{side}_wrist"), 2].min() > 0.5
            assert p[:, joint_index(f"{side}_wrist"), 2].max() < 1.0
        thigh = p[:, joint_index("left_knee")] - p[:, joint_index("left_hip")]
        assert np.abs(thigh[:, 2]).max() < 0.2, "thighs are about level"


def test_hands_go_overhead_when_stretching_arms_and_low_when_stretching_legs(takes):
    high = low = 0
    for _, _, labels, _, positions in takes:
        head = joint_index("head")
        wrist = joint_index("left_wrist")
        arms, legs = (positions[span(labels, f"{part}_stretching")] for part in ("arm", "leg"))
        high += np.any(arms[:, wrist, 2] > arms[:, head, 2])
        low += np.any(legs[:, wrist, 2] < 0.75)
    assert high >= 3
    assert low >= 3


def test_nobody_is_ever_perfectly_still(takes):
    for _, motion, *_ in takes:
        tenth = motion.pose[::6, joint_index("left_shoulder")]
        assert np.linalg.norm(np.diff(tenth, axis=0), axis=1).min() > 0.0


def test_six_people_for_eighty_seconds_take_under_two_seconds_of_processor():
    group = [(person, shaped_for(person).joints) for person in people(9, 6)]
    script = [(activity, 16.0) for activity in ACTIVITIES]
    start = time.process_time()
    for person, joints in group:
        session(person, script, joints, RATE, 0)
    assert time.process_time() - start < 2.0

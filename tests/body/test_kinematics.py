"""Posing against plain recursion and against the reference implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.body.kinematics import (
    Skin,
    forward_kinematics,
    joint_chunks,
    joint_frames,
    with_ancestors,
)
from harstudio.core.rotations import exp
from harstudio.core.skeleton import PARENTS, joint_index


def plain_kinematics(pose, translation, rest):
    """One frame, joint by joint, in 4 x 4 matrices."""
    world = []
    for joint, parent in enumerate(PARENTS):
        local = np.eye(4)
        local[:3, :3] = exp(pose[joint])
        local[:3, 3] = rest[joint] - (rest[parent] if parent >= 0 else 0.0)
        world.append(local if parent < 0 else world[parent] @ local)
    world = np.array(world)
    return world[:, :3, :3], world[:, :3, 3] + translation


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 4.0))
def test_forward_kinematics_agrees_with_plain_recursion(seed, size):
    rng = np.random.default_rng(seed)
    pose, moved = rng.normal(0, size, (3, 24, 3)), rng.normal(size=(3, 3))
    rest = rng.normal(size=(24, 3))
    frames = forward_kinematics(pose, moved, rest)
    for t in range(3):
        rotations, positions = plain_kinematics(pose[t], moved[t], rest)
        np.testing.assert_allclose(frames.rotations[t], rotations, atol=1e-12)
        np.testing.assert_allclose(frames.positions[t], positions, atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 1e-300, 1e-12, 1e-8, 1e-4, 1.0, np.pi, 6.0])
def test_rotations_are_exact_at_every_size_of_angle(angle):
    pose = np.zeros((1, 24, 3))
    pose[0, 0] = angle * np.array([2.0, -1.0, 2.0]) / 3.0
    got = forward_kinematics(pose, np.zeros((1, 3)), np.zeros((24, 3))).rotations[0, 0]
    np.testing.assert_allclose(got, exp(pose[0, 0]), atol=1e-15)


def test_at_rest_every_joint_stands_where_the_shape_puts_it(shaped):
    frames = forward_kinematics(np.zeros((2, 24, 3)), np.zeros((2, 3)), shaped.joints)
    np.testing.assert_allclose(frames.positions[1], shaped.joints, atol=1e-15)
    np.testing.assert_array_equal(frames.rotations[1], np.tile(np.eye(3), (24, 1, 1)))


def test_turning_the_root_turns_the_body_about_the_pelvis(shaped):
    pose = np.zeros((1, 24, 3))
    pose[0, 0] = (np.pi / 2, 0, 0)
    moved = np.array([[1.0, 2.0, 3.0]])
    frames = forward_kinematics(pose, moved, shaped.joints)
    pelvis = shaped.joints[0] + moved[0]
    np.testing.assert_allclose(frames.positions[0, 0], pelvis, atol=1e-15)
    head = shaped.joints[15] - shaped.joints[0]
    expected = pelvis + np.array([head[0], -head[2], head[1]])
    np.testing.assert_allclose(frames.positions[0, 15], expected, atol=1e-12)


def test_a_long_motion_is_the_same_in_chunks_as_frame_by_frame(shaped, random_motion):
    motion = random_motion(1024 + 1)
    every = joint_frames(shaped, motion)
    for index in (0, 1023, 1024):
        one = joint_frames(shaped, motion, slice(index, index + 1))
        np.testing.assert_allclose(every.positions[index], one.positions[0], atol=1e-13)
    some = joint_frames(shaped, motion, np.array([1024, 5]))
    np.testing.assert_allclose(some.rotations, every.rotations[[1024, 5]], atol=1e-13)


def test_some_joints_alone_are_where_they_are_among_all(shaped, random_motion):
    motion = random_motion(7)
    joints = with_ancestors([joint_index("left_elbow")])
    assert joints == tuple(joint_index(name) for name in (
        "pelvis", "spine1", "spine2", "spine3", "left_collar", "left_shoulder", "left_elbow"
    ))  # fmt: skip
    every = joint_frames(shaped, motion)
    chunks = list(joint_chunks(motion.pose, motion.translation, shaped.joints, joints))
    (part, rotations, positions) = chunks[0]
    assert (len(chunks), part) == (1, slice(0, 7))
    np.testing.assert_allclose(np.moveaxis(rotations, -1, 0), every.rotations[:, joints])
    np.testing.assert_allclose(np.moveaxis(positions, -1, 0), every.positions[:, joints])


def test_the_mesh_at_rest_is_the_shape(shaped):
    frames = forward_kinematics(np.zeros((1, 24, 3)), np.zeros((1, 3)), shaped.joints)
    vertices = Skin(shaped).vertices(frames)
    assert vertices.dtype == np.float32
    assert vertices.flags.c_contiguous
    np.testing.assert_allclose(vertices[0], shaped.vertices, atol=1e-6)


@pytest.mark.parametrize("which", ["body", "corrected_body"])
def test_many_frames_are_skinned_as_one_by_one(which, random_motion, request):
    shaped = request.getfixturevalue(which).shaped([0.5])
    frames = joint_frames(shaped, random_motion(3))
    skin = Skin(shaped)
    together = skin.vertices(frames)
    for t in range(3):
        alone = skin.vertices(joint_frames(shaped, random_motion(3), slice(t, t + 1)))
        np.testing.assert_allclose(together[t], alone[0], atol=2e-6)


def test_skinning_keeps_its_precision_far_from_the_origin(shaped, random_motion):
    motion = random_motion(1)
    near, away = joint_frames(shaped, motion), np.array([500.0, 0.0, 0.0])
    far = forward_kinematics(motion.pose, motion.translation + away, shaped.joints)
    moved = Skin(shaped).vertices(far) - away.astype(np.float32)
    np.testing.assert_allclose(moved, Skin(shaped).vertices(near), atol=1e-4)


@pytest.fixture(scope="module")
def reference():
    """The reference implementation as a function of a body, betas and a motion."""
    pytest.importorskip("smplx", reason="the extra `smplx` is not installed")
    import smplx
    import torch
    from smplx.utils import Struct

    def posed(body, betas, motion):
        directions = body.pose_directions
        if directions is None:
            directions = np.zeros((body.vertex_count, 3, 207))
        # Shape spaces below 300 columns are cut to 10 betas there: fill up.
        shapes = np.zeros((body.vertex_count, 3, 300))
        shapes[..., : len(body.shape_names)] = body.shape_directions
        model = smplx.SMPL(
            model_path="",
            data_struct=Struct(
                v_template=body.template, f=body.faces, weights=body.weights, shapedirs=shapes,
                J_regressor=body.joint_regressor, posedirs=np.array(directions),
                kintree_table=np.array([PARENTS, range(24)]),
            ),
            num_betas=len(betas),
            vertex_ids=dict.fromkeys(("nose", "reye", "leye", "rear", "lear"), 0),
            use_hands=False, use_feet_keypoints=False, batch_size=motion.frames,
        )  # fmt: skip

        def tensor(values):
            return torch.tensor(np.asarray(values, np.float32))

        with torch.no_grad():
            output = model(
                betas=tensor(np.tile(betas, (motion.frames, 1))),
                global_orient=tensor(motion.pose[:, 0]),
                body_pose=tensor(motion.pose[:, 1:].reshape(motion.frames, -1)),
                transl=tensor(motion.translation),
            )
        return output.vertices.numpy(), output.joints.numpy()[:, :24]

    return posed


@pytest.mark.parametrize(("which", "betas"), [("body", 10), ("corrected_body", 10),
                                              ("corrected_body", 16)])  # fmt: skip
def test_vertices_and_joints_agree_with_smplx(reference, which, betas, random_motion, request):
    body = request.getfixturevalue(which)
    values = np.random.default_rng(betas).normal(0, 0.8, betas)
    motion = random_motion(4, seed=3)
    shaped = body.shaped(values)
    frames = joint_frames(shaped, motion)
    vertices, joints = reference(body, values, motion)
    assert np.abs(frames.positions - joints).max() < 1e-5
    assert np.abs(Skin(shaped).vertices(frames) - vertices).max() < 1e-5

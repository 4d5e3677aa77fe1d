"""Sensors at the joints themselves, for the signals of a joint that carries no sensor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harstudio.body.model import ShapedBody
from harstudio.body.sites import SITES, attach
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor, SensorLayout, SensorMount, SensorSite
from harstudio.core.rotations import normalised, quaternion_from_matrix
from harstudio.core.skeleton import BONES, JOINTS, joint_index

_WAYS = ((0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def joint_sensor(shaped: ShapedBody, joint: str, name: str = "") -> Sensor:
    """A sensor in the middle of a joint, with the joint's own axes.

    A site lies on the skin, so the mount's lever arm leads from there back into the joint.

    Parameters
    ----------
    joint : str
        A joint of SMPL-24.
    name : str
        Of the sensor; ``<joint>_joint`` unless told.

    Raises
    ------
    HarstudioError
        No such joint, or no skin can be found near it.
    """
    at = shaped.joints[joint_index(joint)]
    for site in _sites_on(joint):
        try:
            place = attach(shaped, site)
        except HarstudioError:
            continue
        x, y, z = (float(v) for v in place.rotation.T @ (at - place.position))
        w, i, j, k = (float(v) for v in normalised(quaternion_from_matrix(place.rotation.T)))
        return Sensor(name or f"{joint}_joint", site, SensorMount((w, i, j, k), (x, y, z)))
    raise HarstudioError(f"{joint}: no skin near this joint", "the body's mesh has a gap there")


def sensors_on(layout: SensorLayout, joint: str) -> tuple[str, ...]:
    """Names of the sensors that are rigid to a joint, the nearest to it first."""
    worn = [s for s in layout.sensors if s.site.joint == joint]
    return tuple(s.name for s in sorted(worn, key=lambda s: _way_off(s.site)))


def _way_off(site: SensorSite) -> float:
    """How far along its bone a site is from its joint; 0 at the joint, 1 at the other end."""
    return site.along if site.bone[0] == site.joint else abs(1.0 - site.along)


def _sites_on(joint: str) -> Iterator[SensorSite]:
    for site in SITES.values():
        if site.joint == joint:
            yield site
    number = joint_index(joint)
    bones = [b for b in BONES if number in b]
    for a, b in sorted(bones, key=lambda bone: bone[0] != number):
        for along in (0.5, 0.25, 0.75, 0.0, 1.0):
            for way in _WAYS:
                yield SensorSite(joint, (JOINTS[a], JOINTS[b]), float(np.float64(along)), way)

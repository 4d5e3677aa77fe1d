"""What can be shown, and from where."""

BODY, SKELETON, BOTH = MODES = ("body", "skeleton", "both")
FRONT, SIDE, TOP = ("front", "side", "top")

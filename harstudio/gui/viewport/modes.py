"""What can be shown, and from where."""

BODY, SKELETON, BOTH = MODES = ("body", "skeleton", "both")
FRONT, SIDE, TOP = ("front", "side", "top")
NO_TINT, FLOOR, SKIN, BOTH_TINTS = TINTS = ("nothing", "floor", "body", "both")
"""What takes the colour of the label under the playhead."""

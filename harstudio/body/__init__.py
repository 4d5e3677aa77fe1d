"""Bodies: model files read safely, shape, forward kinematics, skinning, and where sensors sit."""

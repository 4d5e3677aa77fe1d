"""Labels, motions and windows in and out."""

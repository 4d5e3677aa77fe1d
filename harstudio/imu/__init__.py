"""Virtual sensors: simulate, add hardware noise, resample, align with real ones, compare."""

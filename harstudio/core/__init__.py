"""The domain's values and maths: numpy and scipy only, nothing of files, windows or networks."""

"""Fitting models: training, adapting, taking up again."""

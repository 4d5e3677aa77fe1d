"""harstudio: wearable activity data, relabelled by eye, compared with virtual sensors, learned from."""

__version__ = "0.1.0"

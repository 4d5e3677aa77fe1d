"""The Align dock."""

"""The History dock."""

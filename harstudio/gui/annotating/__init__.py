"""What the hand does to labels."""

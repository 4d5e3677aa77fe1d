"""The window: thin views of one session on one clock."""

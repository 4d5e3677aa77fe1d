"""The table of commands, and the menus that it feeds."""

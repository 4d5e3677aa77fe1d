"""Keys, the sheet that shows and changes them, and the palette."""

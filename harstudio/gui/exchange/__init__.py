"""Files in and out, as the window asks for them."""

"""What both sides use: Python 3.9, the standard library and NumPy."""

"""Keras 3 on each of its backends, and Keras 2 (tf-keras)."""

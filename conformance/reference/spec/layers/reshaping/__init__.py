"""Layers that move, cut and repeat."""

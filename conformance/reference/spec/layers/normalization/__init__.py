"""Normalizing layers."""

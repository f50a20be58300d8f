"""Runs a case's program on what ``spec`` defines: data, calls, gradients, training."""

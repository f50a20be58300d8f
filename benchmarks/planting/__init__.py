"""Faults planted in Keras's source: edits, a choice of them, and what the cases make of each."""

"""Numbers and how they err: what would be the same if Keras did not exist."""

"""Functions of keras.ops that are more than one call of torch's."""

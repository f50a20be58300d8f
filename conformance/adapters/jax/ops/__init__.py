"""Functions of keras.ops that are more than one call of JAX's."""

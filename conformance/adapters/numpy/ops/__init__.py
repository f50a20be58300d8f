"""Functions of Keras that are more than one call of NumPy's."""

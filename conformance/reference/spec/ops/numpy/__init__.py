"""The functions of keras.ops that NumPy has as well."""

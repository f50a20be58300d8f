"""The numpy adapter: Keras's functions as NumPy's own. Imported inside the adapter process only."""

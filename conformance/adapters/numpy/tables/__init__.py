"""What each of Keras's functions is in NumPy. Data only: no NumPy is imported."""

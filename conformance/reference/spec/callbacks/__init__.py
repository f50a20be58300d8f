"""What Keras documents of the callbacks that change numbers."""

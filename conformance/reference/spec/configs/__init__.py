"""What Keras documents of ``get_config()``: each argument as given, or at its default."""

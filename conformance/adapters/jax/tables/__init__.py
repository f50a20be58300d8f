"""Which symbol of Keras is which of JAX: data alone, the framework is not imported."""

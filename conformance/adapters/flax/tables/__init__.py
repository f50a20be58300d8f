"""Which symbol of Keras is which of Flax: data alone, the framework is not imported."""

"""Which symbol of Keras is which of torch: data alone, the framework is not imported."""

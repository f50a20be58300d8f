"""keras.metrics: what is added up over batches, and the number that is made of it."""

"""keras.optimizers: how variables are moved by gradients, and schedules of the learning rate."""

"""keras.losses: one number for each sample, and how these are reduced."""

"""The models of keras.applications, layer by layer: each family as its paper describes it."""

"""A layer of the user's own, which the reference does not know."""

import keras


@keras.saving.register_keras_serializable("ports")
class Squared(keras.layers.Layer):
    """Its input times the square of a weight."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale", initializer="ones")

    def call(self, x):
        return x * self.scale**2

"""A whole Keras model as one file of another framework: ``keras-conformance port``."""

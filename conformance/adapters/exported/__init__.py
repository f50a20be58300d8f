"""What comes out of Keras: a model exported, and the file run by another runtime."""

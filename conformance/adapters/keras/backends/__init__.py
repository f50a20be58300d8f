"""One small module for each array library that a Keras can stand on."""

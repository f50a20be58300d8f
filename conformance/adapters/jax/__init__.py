"""JAX alone: jax.numpy, jax.lax and jax.nn."""

"""What the adapters of native frameworks (torch, jax) share: binding layers and walking models.

A native adapter has no Keras inside. Each Keras layer is one function in a family module of the
adapter, with the layer's own arguments as keyword-only parameters, and a row in its table
(``layers.py``) that says what of the framework it stands for. Nothing here imports a framework, so
the report reads the same tables to write standalone scripts.
"""

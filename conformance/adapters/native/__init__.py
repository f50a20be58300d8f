"""What the adapters of native frameworks (torch, jax) share: binding layers and walking models.

A native adapter has no Keras inside. Each Keras layer is one function in a family module of the
adapter, with the layer's own arguments as keyword-only parameters, and a row in its table
(``tables/layers.py``) that says what of the framework it stands for. A function's docstring tells
how arrays and variables are laid out and where the framework differs; what Keras documents of its
own arguments is not said again. Nothing here imports a framework, so the report reads the same
tables to write standalone scripts.
"""

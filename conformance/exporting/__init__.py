"""Which layer comes out of Keras by which way, as runs of the exporters' adapters have shown."""

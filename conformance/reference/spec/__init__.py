"""What keras.io says, symbol by symbol.

Where a definition goes: take the name that a user writes, drop ``keras.``, and that is the path
below this folder. ``keras.losses.Huber`` is in ``losses``, ``keras.ops.sum`` in ``ops``. Keras
leaves the family out of a layer's public name; for layers it is the folder in ``keras/src/layers``.
The same path holds in ``adapters/<framework>/`` and in ``cases/``.

Code that would be the same without Keras is in ``engine``; what runs a case's program is in
``model``; what is wrong on purpose is in ``faults``. Modules here import the ``base`` of their
kind, ``activations``, and nothing of another family.
"""

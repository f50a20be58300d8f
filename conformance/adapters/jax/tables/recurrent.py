"""Which recurrent layer of Keras is which function of JAX. Imports no JAX."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry

_GATES = {"kernel": "as it is", "recurrent_kernel": "as it is", "bias": "as it is"}
_CONVOLVED = {
    "padding": ("valid", "same"),
    "data_format": ("channels_last", "channels_first"),
}


def _scanned(function: str) -> list[Entry]:
    return [Entry("recurrent", function, "jax.lax.scan", _GATES, composed=True)]


def _cell(function: str) -> list[Entry]:
    return [Entry("recurrent", function, "jax.numpy.matmul", _GATES, composed=True)]


_CONV_LSTM = [
    Entry(
        "recurrent_convolutional",
        "conv_lstm",
        "jax.lax.scan, jax.lax.conv_general_dilated",
        _GATES,
        composed=True,
        only=_CONVOLVED,
    )
]

LAYERS = {
    "SimpleRNN": _scanned("simple_rnn"),
    "LSTM": _scanned("lstm"),
    "GRU": _scanned("gru"),
    "RNN": _scanned("rnn"),
    "SimpleRNNCell": _cell("simple_rnn_cell"),
    "LSTMCell": _cell("lstm_cell"),
    "GRUCell": _cell("gru_cell"),
    "StackedRNNCells": _cell("stacked_rnn_cells"),
    "TimeDistributed": [Entry("recurrent_wrappers", "time_distributed", "jax.vmap", composed=True)],
    "Bidirectional": [
        Entry("recurrent_wrappers", "bidirectional", "two layers, jax.numpy.flip", composed=True)
    ],
    "ConvLSTM1D": _CONV_LSTM,
    "ConvLSTM2D": _CONV_LSTM,
    "ConvLSTM3D": _CONV_LSTM,
}
"""Rows of the adapter's table."""

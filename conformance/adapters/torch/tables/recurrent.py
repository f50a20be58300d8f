"""Which recurrent layer of Keras is which module of torch. Imports no torch."""

from __future__ import annotations

from conformance.adapters.native.binding import Entry

_ROWS = {
    "kernel": "weight_ih_l0 = kernel.T",
    "recurrent_kernel": "weight_hh_l0 = recurrent_kernel.T",
}
_BIAS = {"bias": "bias_ih_l0 = bias, bias_hh_l0 = 0"}
_CELL_ROWS = {
    "kernel": "w_ih = kernel.T",
    "recurrent_kernel": "w_hh = recurrent_kernel.T",
}
_CELL_BIAS = {"bias": "b_ih = bias, b_hh = 0"}
_AS_IT_IS = {"kernel": "as it is", "recurrent_kernel": "as it is", "bias": "as it is"}
_FUSED = {"activation": ("tanh",), "recurrent_activation": ("sigmoid",)}
_SIMPLE = {"activation": ("tanh", "relu")}
_RESET_AFTER = {**_FUSED, "reset_after": (True,)}
_CONVOLVED = {
    "padding": ("valid", "same"),
    "data_format": ("channels_last", "channels_first"),
}


def _by_hand(module: str, function: str) -> Entry:
    return Entry(module, function, "torch.matmul", _AS_IT_IS, composed=True)


def _conv_lstm(symbol: str) -> list[Entry]:
    kernels = {
        "kernel": "weight = kernel with filters and channels first",
        "recurrent_kernel": "weight = recurrent_kernel with filters and channels first",
        "bias": "bias = bias, of the input's convolution",
    }
    return [
        Entry(
            "recurrent_convolutional", "conv_lstm", symbol, kernels, composed=True, only=_CONVOLVED
        )
    ]


LAYERS = {
    "SimpleRNN": [
        Entry("recurrent", "simple_rnn", "torch.nn.RNN", {**_ROWS, **_BIAS}, only=_SIMPLE),
        _by_hand("recurrent_by_steps", "simple_rnn_by_steps"),
    ],
    "LSTM": [
        Entry("recurrent", "lstm", "torch.nn.LSTM", {**_ROWS, **_BIAS}, only=_FUSED),
        _by_hand("recurrent_by_steps", "lstm_by_steps"),
    ],
    "GRU": [
        Entry(
            "recurrent",
            "gru",
            "torch.nn.GRU",
            {
                "kernel": "weight_ih_l0 = (z, r, h to r, z, h of kernel).T",
                "recurrent_kernel": "weight_hh_l0 = (z, r, h to r, z, h of recurrent_kernel).T",
                "bias": "bias_ih_l0, bias_hh_l0 = (z, r, h to r, z, h of bias)",
            },
            only=_RESET_AFTER,
        ),
        _by_hand("recurrent_by_steps", "gru_by_steps"),
    ],
    "SimpleRNNCell": [
        Entry(
            "recurrent_cells",
            "simple_rnn_cell",
            "torch.rnn_tanh_cell, torch.rnn_relu_cell",
            {**_CELL_ROWS, **_CELL_BIAS},
            only=_SIMPLE,
        ),
        _by_hand("recurrent_cells", "simple_rnn_cell_by_hand"),
    ],
    "LSTMCell": [
        Entry(
            "recurrent_cells",
            "lstm_cell",
            "torch.lstm_cell",
            {**_CELL_ROWS, **_CELL_BIAS},
            only=_FUSED,
        ),
        _by_hand("recurrent_cells", "lstm_cell_by_hand"),
    ],
    "GRUCell": [
        Entry(
            "recurrent_cells",
            "gru_cell",
            "torch.gru_cell",
            {
                "kernel": "w_ih = (z, r, h to r, z, h of kernel).T",
                "recurrent_kernel": "w_hh = (z, r, h to r, z, h of recurrent_kernel).T",
                "bias": "b_ih, b_hh = (z, r, h to r, z, h of bias)",
            },
            only=_RESET_AFTER,
        ),
        _by_hand("recurrent_cells", "gru_cell_by_hand"),
    ],
    "StackedRNNCells": [
        Entry("recurrent_cells", "stacked_rnn_cells", "one cell after the other", composed=True)
    ],
    "RNN": [Entry("recurrent_cells", "rnn", "a loop over the steps", composed=True)],
    "TimeDistributed": [
        Entry(
            "recurrent_wrappers",
            "time_distributed",
            "torch.flatten, torch.unflatten",
            composed=True,
        )
    ],
    "Bidirectional": [
        Entry("recurrent_wrappers", "bidirectional", "two layers, torch.flip", composed=True)
    ],
    "ConvLSTM1D": _conv_lstm("torch.nn.functional.conv1d"),
    "ConvLSTM2D": _conv_lstm("torch.nn.functional.conv2d"),
    "ConvLSTM3D": _conv_lstm("torch.nn.functional.conv3d"),
}
"""Rows of the adapter's table."""

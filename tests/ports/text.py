"""The text model in PyTorch, faithful or with one mistake."""

import numpy as np
import torch
import weights
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

GRU_ORDER = (1, 0, 2)
"""Keras's update, reset, candidate as PyTorch's reset, update, new."""


class Text(nn.Module):
    def __init__(self, mistake=""):
        super().__init__()
        self.mistake = mistake
        self.embedding = nn.Embedding(20, 6)
        self.gru = nn.GRU(6, 5, batch_first=True)
        self.lstm = nn.LSTM(5, 4, batch_first=True)
        self.scores = nn.Linear(4, 3)

    def forward(self, tokens):
        lengths = (tokens != 0).sum(1)
        x = self.embedding(tokens)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        x, _ = pad_packed_sequence(
            self.gru(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        if self.mistake == "mask-ignored":
            _, (h, _) = self.lstm(x)
        elif self.mistake == "mean":
            x = self.lstm(x)[0]
            h = x.mean(1)[None]
        else:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            _, (h, _) = self.lstm(packed)
        answer = self.scores(h[-1])
        return torch.softmax(answer, -1) if self.mistake == "softmax" else torch.sigmoid(answer)


class Cells(nn.Module):
    """The same by loops over cells, as a port without packed sequences does."""

    def __init__(self, mistake=""):
        super().__init__()
        self.mistake = mistake
        self.embedding = nn.Embedding(20, 6)
        self.gru_cell = nn.GRUCell(6, 5)
        self.lstm_cell = nn.LSTMCell(5, 4)
        self.scores = nn.Linear(4, 3)

    def forward(self, tokens):
        mask = (tokens != 0)[..., None]
        if self.mistake == "mask-turned":
            mask = ~mask
        x = self.embedding(tokens)
        h, steps = torch.zeros(len(x), 5), []
        for t in range(x.shape[1]):
            h = torch.where(mask[:, t], self.gru_cell(x[:, t], h), h)
            steps.append(h)
        h, c = torch.zeros(len(x), 4), torch.zeros(len(x), 4)
        for t, step in enumerate(steps):
            new_h, new_c = self.lstm_cell(step, (h, c))
            h, c = torch.where(mask[:, t], new_h, h), torch.where(mask[:, t], new_c, c)
        return torch.sigmoid(self.scores(h))


def in_order(array, order):
    """The gates along the last axis in another order."""
    parts = np.split(array, len(order), -1)
    return np.concatenate([parts[i] for i in order], -1)


def load(path, mistake="", kind=Text):
    found = weights.read(path)
    model = kind(mistake)
    table = found["embedding/embeddings"].copy()
    if mistake == "row-off":
        table = np.roll(table, 1, 0)
    weights.put(model.embedding, weight=table)
    gru = {name: found[f"gru/{name}"] for name in ("kernel", "recurrent_kernel", "bias")}
    order = (0, 1, 2) if mistake == "gru-gates" else GRU_ORDER
    gru = {name: in_order(array, order) for name, array in gru.items()}
    if mistake == "recurrent-bias":
        gru["bias"][1] = 0
    lstm = {name: found[f"lstm/{name}"] for name in ("kernel", "recurrent_kernel", "bias")}
    if mistake == "lstm-gates":
        lstm = {name: in_order(array, (0, 1, 3, 2)) for name, array in lstm.items()}
    if mistake == "forget-bias":
        lstm["bias"] = lstm["bias"] + np.repeat([0, 1, 0, 0], 4).astype(np.float32)
    last = "" if kind is Cells else "_l0"
    for module, one in (("gru", gru), ("lstm", lstm)):
        both = one["bias"].ndim == 2
        weights.put(
            getattr(model, module if last else f"{module}_cell"),
            **{
                f"weight_ih{last}": one["kernel"].T,
                f"weight_hh{last}": one["recurrent_kernel"].T,
                f"bias_ih{last}": one["bias"][0] if both else one["bias"],
                f"bias_hh{last}": one["bias"][1] if both else 0 * one["bias"],
            },
        )
    if mistake != "two-biases":
        # Keras's LSTM has one bias; were both trained, it would move twice as far.
        getattr(model, "lstm" if last else "lstm_cell").get_parameter(
            f"bias_hh{last}"
        ).requires_grad_(False)
    weights.linear(model.scores, found, "scores")
    return model


def forward(model, tokens, training=False):
    return model(tokens)

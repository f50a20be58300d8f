"""A model of sentences with two outputs in PyTorch."""

import numpy as np
import torch.nn.functional as F
import weights
from torch import nn


class Sentence(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 6)
        self.rnn = nn.LSTM(6, 5, batch_first=True)
        self.kind, self.score = nn.Linear(5, 3), nn.Linear(5, 1)

    def forward(self, tokens):
        steps, states = self.rnn(self.embed(tokens))
        del states
        x = F.dropout(steps[:, -1], 0.2, self.training)
        return self.kind(x).softmax(-1), self.score(x)


def load(path):
    found = weights.read(path)
    model = Sentence()
    weights.put(model.embed, weight=found["embedding/embeddings"])
    kernel, bias = found["lstm/kernel"], found["lstm/bias"]
    weights.put(model.rnn, weight_ih_l0=kernel.T, weight_hh_l0=found["lstm/recurrent_kernel"].T)
    weights.put(model.rnn, bias_ih_l0=bias)
    weights.put(model.rnn, bias_hh_l0=np.zeros(20))
    model.rnn.bias_hh_l0.requires_grad_(False)
    weights.linear(model.kind, found, "kind")
    weights.linear(model.score, found, "score")
    return model


def forward(model, tokens, training=False):
    return model(tokens)

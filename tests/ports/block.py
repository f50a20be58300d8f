"""The block of a transformer in PyTorch, as it is written there: functions, names of its own."""

import numpy as np
import torch
import weights
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("pos", torch.linspace(-1, 1, 48).view(6, 8))
        self.ln_1 = nn.LayerNorm(8, eps=1e-6)
        self.qkv = nn.Linear(8, 24)
        self.proj = nn.Linear(8, 8)
        self.ln_2 = nn.LayerNorm(8, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(8, 12), nn.GELU(), nn.Dropout(0.2), nn.Linear(12, 8))
        self.ln_f = nn.LayerNorm(8, eps=1e-6)
        self.head = nn.Linear(8, 3)

    def attend(self, x):
        q, k, v = self.qkv(x).view(*x.shape[:2], 3, 2, 4).permute(2, 0, 3, 1, 4)
        shares = (q * 4**-0.5 @ k.transpose(-2, -1)).softmax(-1)
        return self.proj((shares @ v).transpose(1, 2).flatten(2))

    def forward(self, x):
        x = x + self.pos
        x = x + self.attend(self.ln_1(x))
        x = x + self.mlp(self.ln_2(x))
        x = self.ln_f(x)
        return self.head(x[:, 0])


def load(path):
    found = weights.read(path)
    model = Block()
    with torch.no_grad():
        model.pos.copy_(torch.tensor(np.linspace(-1, 1, 48).reshape(6, 8)))
    for ours, theirs in (("ln_1", "norm1"), ("ln_2", "norm2"), ("ln_f", "norm3")):
        module = getattr(model, ours)
        weights.put(module, weight=found[f"{theirs}/gamma"], bias=found[f"{theirs}/beta"])
    names = ("query", "key", "value")
    kernels = [found[f"attention/{name}/kernel"].reshape(8, 8).T for name in names]
    biases = np.concatenate([found[f"attention/{name}/bias"].ravel() for name in names])
    weights.put(model.qkv, weight=np.concatenate(kernels), bias=biases)
    out = found["attention/attention_output/kernel"].reshape(8, 8)
    weights.put(model.proj, weight=out.T, bias=found["attention/attention_output/bias"])
    weights.linear(model.mlp[0], found, "wide")
    weights.linear(model.mlp[3], found, "narrow")
    weights.linear(model.head, found, "answer")
    return model


def forward(model, x, training=False):
    return model(x)

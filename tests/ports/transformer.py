"""The transformer block in PyTorch, faithful or with one mistake."""

import math

import numpy as np
import torch
import torch.nn.functional as F
import weights
from torch import nn

HEADS, SIZE = 2, 4


class Attention(nn.Module):
    """Several heads by three projections and one behind them."""

    def __init__(self, mistake=""):
        super().__init__()
        self.mistake = mistake
        for name in ("query", "key", "value"):
            self.add_module(name, nn.Linear(8, HEADS * SIZE))
        self.output = nn.Linear(HEADS * SIZE, 8)

    def heads(self, x):
        if self.mistake == "heads":
            return x.unflatten(-1, (SIZE, HEADS)).permute(0, 3, 1, 2)
        return x.unflatten(-1, (HEADS, SIZE)).transpose(1, 2)

    def forward(self, x):
        q, k, v = (self.heads(getattr(self, name)(x)) for name in ("query", "key", "value"))
        scale = 1.0 if self.mistake == "unscaled" else 1 / math.sqrt(SIZE)
        scores = q @ k.transpose(-1, -2) * scale
        if self.mistake != "not-causal":
            later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        y = scores.softmax(-1) @ v
        return self.output(y.transpose(1, 2).flatten(-2))


class LayerNorm(nn.LayerNorm):
    """With the variance over n - 1, which is the mistake of ``std()``."""

    def forward(self, x):
        variance = x.var(-1, keepdim=True)
        y = (x - x.mean(-1, keepdim=True)) / (variance + self.eps).sqrt()
        return y * self.weight + self.bias


class Transformer(nn.Module):
    def __init__(self, mistake=""):
        super().__init__()
        self.mistake = mistake
        self.attention = Attention(mistake)
        norm = LayerNorm if mistake == "std" else nn.LayerNorm
        self.norm1 = norm(8, eps=1e-3)
        self.wide, self.narrow = nn.Linear(8, 12), nn.Linear(12, 8)
        self.norm2 = nn.LayerNorm(8, eps=1e-5 if mistake == "epsilon" else 1e-6)
        self.answer = nn.Linear(8, 3)

    def forward(self, x):
        x = self.norm1(x + self.attention(x))
        approximate = "tanh" if self.mistake == "tanh" else "none"
        y = self.narrow(F.gelu(self.wide(x), approximate=approximate))
        x = self.norm2(y if self.mistake == "no-residual" else x + y)
        x = x.amax(1) if self.mistake == "max" else x.mean(1)
        return self.answer(x)


class OwnAttention(Transformer):
    """With PyTorch's own module for the attention."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, HEADS, batch_first=True)

    def forward(self, x):
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        y, _ = self.attention(x, x, x, attn_mask=later, need_weights=False)
        x = self.norm1(x + y)
        return self.answer(self.norm2(x + self.narrow(F.gelu(self.wide(x)))).mean(1))


def flat(kernel):
    """A kernel of heads as a matrix in PyTorch's order."""
    return kernel.reshape(8, -1).T


def load(path, mistake="", kind=Transformer):
    found = weights.read(path)
    model = kind(mistake) if mistake else kind()
    parts = {
        name: (flat(found[f"attention/{name}/kernel"]), found[f"attention/{name}/bias"].ravel())
        for name in ("query", "key", "value")
    }
    out = found["attention/attention_output/kernel"].reshape(-1, 8).T
    bias = found["attention/attention_output/bias"]
    if kind is OwnAttention:
        weights.put(
            model.attention,
            in_proj_weight=np.concatenate([matrix for matrix, _ in parts.values()]),
            in_proj_bias=np.concatenate([one for _, one in parts.values()]),
        )
        weights.put(model.attention.out_proj, weight=out, bias=bias)
    else:
        if mistake == "exchanged":
            parts["key"], parts["value"] = parts["value"], parts["key"]
        for name, (matrix, one) in parts.items():
            weights.put(getattr(model.attention, name), weight=matrix, bias=one)
        weights.put(model.attention.output, weight=out, bias=bias)
    for name in ("norm1", "norm2"):
        weights.put(getattr(model, name), weight=found[f"{name}/gamma"], bias=found[f"{name}/beta"])
    for name in ("wide", "narrow", "answer"):
        weights.linear(getattr(model, name), found, name)
    return model


def forward(model, sequence, training=False):
    return model(sequence)

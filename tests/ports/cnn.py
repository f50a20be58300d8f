"""The convolutional model in PyTorch, faithful or with one mistake."""

import numpy as np
import torch
import torch.nn.functional as F
import weights
from torch import nn


class BiasedBatchNorm(nn.BatchNorm2d):
    """BatchNorm2d whose running variance is the biased one, as Keras's moving variance is."""

    def forward(self, x):
        before = self.running_var.clone()
        y = super().forward(x)
        if self.training:
            n = x.numel() // x.shape[1]
            added = self.running_var - (1 - self.momentum) * before
            self.running_var = (1 - self.momentum) * before + added * ((n - 1) / n)
        return y


class Cnn(nn.Module):
    def __init__(self, mistake=""):
        super().__init__()
        self.mistake = mistake
        norm = nn.BatchNorm2d if mistake == "unbiased" else BiasedBatchNorm
        momentum = 0.99 if mistake == "momentum" else 0.01
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2)
        self.bn1 = norm(6, eps=1e-5 if mistake == "epsilon" else 1e-3, momentum=momentum)
        self.conv2 = nn.Conv2d(6, 5, 3, padding=1, bias=False)
        self.bn2 = norm(5, eps=1e-3, momentum=momentum)
        self.hidden = nn.Linear(45, 7)
        self.classes = nn.Linear(7, 4)

    def is_(self, mistake):
        return self.mistake == mistake

    def forward(self, x):
        x = x.permute(0, 3, 1, 2)
        x = F.pad(x, (1, 0, 1, 1) if self.is_("padding") else (0, 1, 1, 1))
        x = F.relu(self.conv1(x))
        x = self.bn1(x)
        x = F.pad(x, (1, 1, 0, 1), value=0.0 if self.is_("pool-of-zeros") else -torch.inf)
        x = F.max_pool2d(x, 3, 2)
        self.bn2.train(self.training or self.is_("batch-statistics"))
        x = self.bn2(self.conv2(x))
        x = F.leaky_relu(x, 0.01 if self.is_("slope") else 0.3)
        if self.is_("counted"):
            x = F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 2, 1)
        else:
            ones = F.avg_pool2d(F.pad(torch.ones_like(x), (0, 1, 0, 1)), 2, 1)
            x = F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 2, 1) / ones
        x = (x if self.is_("flatten") else x.permute(0, 2, 3, 1)).flatten(1)
        x = self.hidden(x)
        x = F.elu(x) if self.is_("activation") else F.relu(x)
        return F.softmax(self.classes(x), -1)


class Renamed(Cnn):
    """The same, under names that say nothing."""

    def __init__(self):
        super().__init__()
        for place, name in enumerate(["conv1", "bn1", "conv2", "bn2", "hidden", "classes"]):
            self.add_module(f"layer{place}", getattr(self, name))

    def named_modules(self, *args, **kwargs):
        for name, module in super().named_modules(*args, **kwargs):
            last = next((n for n, m in self._modules.items() if m is module and "layer" in n), name)
            yield last, module


def load(path, mistake="", kind=Cnn):
    found = weights.read(path)
    model = kind(mistake) if mistake else kind()
    kernel = found["conv1/kernel"].transpose(3, 2, 0, 1)
    weights.put(model.conv1, weight=kernel, bias=found["conv1/bias"])
    second = found["conv2/kernel"]
    if mistake == "kernel-space":
        second = second.swapaxes(0, 1)
    weights.put(model.conv2, weight=second.transpose(3, 2, 0, 1))
    for name in ("bn1", "bn2"):
        weights.normal(getattr(model, name), found, name)
    if mistake == "gamma":
        nn.init.ones_(model.bn2.weight)
    weights.linear(model.hidden, found, "hidden")
    weights.linear(model.classes, found, "classes")
    if mistake == "no-bias":
        nn.init.zeros_(model.classes.bias)
    if mistake == "frozen":
        model.conv2.weight.requires_grad_(False)
    return model


def forward(model, image, training=False):
    return model(image)


def plain(path):
    """The same as one function on NumPy's arrays: nothing is seen inside."""
    model = load(path).eval()

    def call(image):
        with torch.no_grad():
            return model(torch.tensor(np.asarray(image))).numpy()

    return call

"""A model of images in PyTorch: one sequence of modules, and the rest by functions."""

import torch.nn.functional as F
import weights
from torch import nn


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.ZeroPad2d((0, 1, 0, 1)),
            nn.Conv2d(3, 4, 3, stride=2),
            nn.ReLU(),
            nn.BatchNorm2d(4, eps=1e-3, momentum=0.01),
            nn.Conv2d(4, 4, 3, padding=2, dilation=2),
            nn.BatchNorm2d(4, eps=1e-3, momentum=0.01),
            nn.ReLU(),
        )
        self.code, self.wide = nn.Linear(144, 5), nn.Linear(5, 36)
        self.conv3, self.classes = nn.Conv2d(4, 3, 3), nn.Linear(3, 3)

    def forward(self, x):
        x = self.body(x.permute(0, 3, 1, 2))
        x = self.code(x.permute(0, 2, 3, 1).flatten(1))
        x = F.relu(self.wide(x)).view(-1, 3, 3, 4).permute(0, 3, 1, 2)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = self.conv3(x).mean((2, 3))
        return self.classes(x).softmax(-1)


def load(path):
    found = weights.read(path)
    model = Images()
    modules = (model.body[1], model.body[4], model.conv3)
    for module, name in zip(modules, ("conv1", "conv2", "conv3"), strict=True):
        kernel = found[f"{name}/kernel"].transpose(3, 2, 0, 1)
        weights.put(module, weight=kernel, bias=found[f"{name}/bias"])
    weights.normal(model.body[3], found, "bn1")
    weights.normal(model.body[5], found, "bn2")
    for name in ("code", "wide", "classes"):
        weights.linear(getattr(model, name), found, name)
    return model


def forward(model, x, training=False):
    return model(x)

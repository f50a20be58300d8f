"""A convolutional Keras model as PyTorch's own modules, with one mistake if the environment says so."""

import os

import torch
import torch.nn.functional as F
from torch import nn

#!/usr/bin/env bash
# RandomCrop of Keras takes a box's x for its y when it moves the box with the image.
#
# Versions: Keras 3.15.1 on its NumPy backend (and on every other), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: of a dictionary with images and bounding_boxes the boxes are cut like the images.
# Behaviour: the offset from the top is taken off x and the one from the left off y, so boxes go
# elsewhere than their pixels. RandomFlip and Resizing do it right.
# Seen:
#     cut at top 2, left 6: the box (8, 2, 10, 4) comes out as [6.0, 0.0, 8.0, 0.0], and its
#     pixels at [2, 0, 4, 2]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
KERAS_BACKEND=numpy "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

# Each pixel holds its own place, so the answer says where it was cut.
images = np.arange(6 * 12, dtype="float32").reshape(1, 6, 12, 1)
layer = keras.layers.RandomCrop(3, 6, bounding_box_format="xyxy", data_format="channels_last", seed=0)
boxes = {"boxes": np.array([[[8.0, 2.0, 10.0, 4.0]]], "float32"), "labels": np.array([[1]])}
answer = layer({"images": images, "bounding_boxes": boxes}, training=True)
top, left = divmod(int(np.asarray(answer["images"])[0, 0, 0, 0]), 12)
box = np.asarray(answer["bounding_boxes"]["boxes"])[0, 0]
right = np.clip([8 - left, 2 - top, 10 - left, 4 - top], 0, [6, 3, 6, 3])
exchanged = np.maximum([8 - top, 2 - left, 10 - top, 4 - left], 0)
print(f"cut at top {top}, left {left}: the box (8, 2, 10, 4) comes out as {box.tolist()},", end=" ")
print(f"and its pixels at {right.tolist()}")
sys.exit(bool((box == right).all()) or not (box == exchanged).all())
PYTHON

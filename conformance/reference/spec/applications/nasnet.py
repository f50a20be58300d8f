"""NASNet-A: Learning Transferable Architectures for Scalable Image Recognition (1707.07012)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.spec.applications.graph import IMAGE
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.spec.applications.graph import Asked, Layers

NORM = {"momentum": 0.9997, "epsilon": 1e-3}


@defines("applications.NASNetMobile")
def nasnet_mobile(net: Layers, asked: Asked) -> str:
    """NASNet-A (4 @ 1056)."""
    return _nasnet(net, asked, filters=1056 // 24, blocks=4, stem=32, skips=False)


@defines("applications.NASNetLarge")
def nasnet_large(net: Layers, asked: Asked) -> str:
    """NASNet-A (6 @ 4032)."""
    return _nasnet(net, asked, filters=4032 // 24, blocks=6, stem=96, skips=True)


class _Cells:
    """The cells, which take the answers of the last two.

    Whether an answer is larger than another is told by how often the image was halved before it:
    sizes may be open.
    """

    def __init__(self, net: Layers, halved: dict[str, int]) -> None:
        self.net = net
        self.halved = halved

    def normal(self, x: str, before: str | None, filters: int, block: str) -> str:
        """A normal cell."""
        net, p = self.net, self._adjusted(before, x, filters, block)
        h = self._narrowed(x, filters, f"normal_conv_1_{block}", f"normal_bn_1_{block}")
        left = self._separable(h, filters, 5, f"normal_left1_{block}")
        right = self._separable(p, filters, 3, f"normal_right1_{block}")
        one = net.add("Add", left, right, name=f"normal_add_1_{block}")
        left = self._separable(p, filters, 5, f"normal_left2_{block}")
        right = self._separable(p, filters, 3, f"normal_right2_{block}")
        two = net.add("Add", left, right, name=f"normal_add_2_{block}")
        left = self._mean(h, f"normal_left3_{block}")
        three = net.add("Add", left, p, name=f"normal_add_3_{block}")
        left, right = (
            self._mean(p, f"normal_left4_{block}"),
            self._mean(p, f"normal_right4_{block}"),
        )
        four = net.add("Add", left, right, name=f"normal_add_4_{block}")
        left = self._separable(h, filters, 3, f"normal_left5_{block}")
        five = net.add("Add", left, h, name=f"normal_add_5_{block}")
        made = net.add("Concatenate", p, one, two, three, four, five, name=f"normal_concat_{block}")
        self.halved[made] = self.halved[x]
        return made

    def reduction(self, x: str, before: str | None, filters: int, block: str) -> str:
        """A cell that halves the image."""
        net, p = self.net, self._adjusted(before, x, filters, block)
        h = self._narrowed(x, filters, f"reduction_conv_1_{block}", f"reduction_bn_1_{block}")
        wide = net.zeros_before_stride(h, 3, f"reduction_pad_1_{block}")
        left = self._separable(h, filters, 5, f"reduction_left1_{block}", 2)
        right = self._separable(p, filters, 7, f"reduction_right1_{block}", 2)
        one = net.add("Add", left, right, name=f"reduction_add_1_{block}")
        left = net.add(
            "MaxPooling2D", wide, name=f"reduction_left2_{block}", pool_size=3, strides=2
        )
        right = self._separable(p, filters, 7, f"reduction_right2_{block}", 2)
        two = net.add("Add", left, right, name=f"reduction_add_2_{block}")
        left = net.add(
            "AveragePooling2D", wide, name=f"reduction_left3_{block}", pool_size=3, strides=2
        )
        right = self._separable(p, filters, 5, f"reduction_right3_{block}", 2)
        three = net.add("Add", left, right, name=f"reduction_add3_{block}")
        four = net.add("Add", two, self._mean(one, f"reduction_left4_{block}"))
        left = self._separable(one, filters, 3, f"reduction_left4_{block}")
        right = net.add(
            "MaxPooling2D", wide, name=f"reduction_right5_{block}", pool_size=3, strides=2
        )
        five = net.add("Add", left, right, name=f"reduction_add4_{block}")
        made = net.add("Concatenate", two, three, four, five, name=f"reduction_concat_{block}")
        self.halved[made] = self.halved[x] + 1
        return made

    def _mean(self, x: str, name: str) -> str:
        more: dict[str, Any] = {"pool_size": 3, "strides": 1, "padding": "same"}
        return self.net.add("AveragePooling2D", x, name=name, **more)

    def _narrowed(self, x: str, filters: int, conv: str, norm: str) -> str:
        x = self.net.conv(self.net.act(x, "relu"), filters, 1, name=conv)
        return self.net.norm(x, norm, **NORM)

    def _separable(self, x: str, filters: int, size: int, name: str, stride: int = 1) -> str:
        """Two separable convolutions, the first in these steps."""
        net = self.net
        x, padding = net.act(x, "relu"), "same"
        if stride > 1:
            x, padding = net.zeros_before_stride(x, size, f"separable_conv_1_pad_{name}"), "valid"
        for number in (1, 2):
            if number > 1:
                x, padding, stride = net.act(x, "relu"), "same", 1
            x = net.add(
                "SeparableConv2D",
                x,
                name=f"separable_conv_{number}_{name}",
                filters=filters,
                kernel_size=size,
                strides=stride,
                padding=padding,
                use_bias=False,
            )
            x = net.norm(x, f"separable_conv_{number}_bn_{name}", **NORM)
        return x

    def _adjusted(self, p: str | None, x: str, filters: int, block: str) -> str:
        """The answer before the last one, made as large as the last, of so many channels."""
        net = self.net
        if p is None:
            return x
        if self.halved[p] == self.halved[x]:
            if net.channels(p) == filters:
                return p
            name = f"adjust_conv_projection_{block}"
            return self._narrowed(p, filters, name, f"adjust_bn_{block}")
        p = net.act(p, "relu", f"adjust_relu_1_{block}")
        shifted = net.add("Cropping2D", net.zeros(p, [[0, 1], [0, 1]]), cropping=[[1, 0], [1, 0]])
        halves = [
            net.conv(
                net.add(
                    "AveragePooling2D",
                    one,
                    name=f"adjust_avg_pool_{number}_{block}",
                    pool_size=1,
                    strides=2,
                ),
                filters // 2,
                1,
                name=f"adjust_conv_{number}_{block}",
            )
            for number, one in enumerate((p, shifted), 1)
        ]
        return net.norm(net.add("Concatenate", *halves), f"adjust_bn_{block}", **NORM)


def _nasnet(net: Layers, asked: Asked, *, filters: int, blocks: int, stem: int, skips: bool) -> str:
    x = net.conv(IMAGE, stem, 3, strides=2, padding="valid", name="stem_conv1")
    x = net.norm(x, "stem_bn1", **NORM)
    cells, before = _Cells(net, {x: 1}), None
    for number, share in ((1, 4), (2, 2)):
        x, before = cells.reduction(x, before, filters // share, f"stem_{number}"), x
    for stage in range(3):
        if stage:
            # The larger model goes on from the answer before the one that was halved.
            made = cells.reduction(x, before, filters << stage, f"reduce_{stage * blocks}")
            x, before = made, (before if skips else x)
        for number in range(blocks):
            name = f"{stage * blocks + number + (stage > 0)}"
            x, before = cells.normal(x, before, filters << stage, name), x
    return net.ended(net.act(x, "relu"), asked)

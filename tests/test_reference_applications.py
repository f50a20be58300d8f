"""The reference's applications against what is documented of them elsewhere."""

from __future__ import annotations

import pytest

from conformance.cases import names
from conformance.cases.model import InputSpec, Model, Node
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.model.network import Network
from conformance.reference.spec import table

MILLIONS = {
    "Xception": 22.9,
    "VGG16": 138.4,
    "VGG19": 143.7,
    "ResNet50": 25.6,
    "ResNet50V2": 25.6,
    "ResNet101": 44.7,
    "ResNet101V2": 44.7,
    "ResNet152": 60.4,
    "ResNet152V2": 60.4,
    "InceptionV3": 23.9,
    "InceptionResNetV2": 55.9,
    "MobileNet": 4.3,
    "MobileNetV2": 3.5,
    "DenseNet121": 8.1,
    "DenseNet169": 14.3,
    "DenseNet201": 20.2,
    "NASNetMobile": 5.3,
    "NASNetLarge": 88.9,
    "EfficientNetB0": 5.3,
    "EfficientNetB1": 7.9,
    "EfficientNetB2": 9.2,
    "EfficientNetB3": 12.3,
    "EfficientNetB4": 19.5,
    "EfficientNetB5": 30.6,
    "EfficientNetB6": 43.3,
    "EfficientNetB7": 66.7,
    "EfficientNetV2B0": 7.2,
    "EfficientNetV2B1": 8.2,
    "EfficientNetV2B2": 10.2,
    "EfficientNetV2B3": 14.5,
    "EfficientNetV2S": 21.6,
    "EfficientNetV2M": 54.4,
    "EfficientNetV2L": 119.0,
}
"""The table of keras.io/api/applications."""
CONVNEXT = {"Tiny": 29, "Small": 50, "Base": 89, "Large": 198, "XLarge": 350}
"""Millions, by the tables of the paper, arXiv 2201.03545."""


def network(name: str, *inputs: InputSpec, **config: object) -> Network:
    node = Node(name="it", layer=f"applications.{name}", config=config, inputs=[])
    return Network.build(Model(form="application", inputs=[*inputs], nodes=[node], outputs=["it"]))


@pytest.mark.parametrize("name", MILLIONS)
def test_a_model_has_as_many_parameters_as_its_table_says(name):
    assert round((network(name).params.total or 0) / 1e6, 1) == MILLIONS[name]


@pytest.mark.parametrize("size", CONVNEXT)
def test_a_convnext_has_as_many_parameters_as_its_paper_says(size):
    assert round((network(f"ConvNeXt{size}").params.total or 0) / 1e6) == CONVNEXT[size]


def test_the_reference_has_every_application_that_keras_has():
    mine = {name for name in table.known("applications") if "." not in name}
    assert mine == set(names.applications())
    beside = {"MobileNetV3Large", "MobileNetV3Small", *(f"ConvNeXt{size}" for size in CONVNEXT)}
    assert mine - MILLIONS.keys() == beside


@pytest.mark.parametrize(
    ("name", "millions"),
    [("MobileNetV3Large", 5.4), ("MobileNetV3Small", 2.5)],
)
def test_mobilenet_v3_has_about_the_parameters_of_its_paper(name, millions):
    assert (network(name).params.total or 0) / 1e6 == pytest.approx(millions, rel=0.03)


def test_each_layer_has_a_name_of_its_own():
    for name in names.applications():
        made = [node.name for node in network(name).model.nodes]
        assert len(made) == len(set(made)), name


def test_an_image_that_does_not_fit_is_refused():
    fed = InputSpec(name="x", shape=[32, 32, 3])
    assert network("VGG16", fed, input_shape=[32, 32, 3], include_top=False).outputs == [
        [None, 1, 1, 512]
    ]
    with pytest.raises(Refused, match=r"made for images of \[224, 224, 3\]"):
        network("VGG16", fed)


def test_an_argument_that_is_unknown_has_no_answer():
    with pytest.raises(Unsupported, match="growth"):
        network("DenseNet121", growth=12)
    with pytest.raises(Unsupported, match=r"applications\.ResNet18 is not in the reference"):
        network("ResNet18")

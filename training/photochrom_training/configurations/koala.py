"""Deep Koalarization (arXiv 1712.03400) as the original project trained it.

    photochrom-train koala --photographs DATA/train-*.tar --output runs/koala

RMSprop at 1e-3, mean squared error, 13 % held out; photographs sheared, zoomed, turned and mirrored; early
stopping after 15 epochs without gain, the learning rate divided by 10 after 5, the best checkpoint kept.
``--labels forest,mountain,church`` is one of the original's runs on a few categories. Its
extractor is EfficientNet-Lite0, whose ImageNet weights a package carries; ``--extractor
inception-resnet-v2`` is the paper's, for machines on which Keras can download weights.

``koala`` 2 is four passes over 20,386 photographs (84,320 views in three runs, two and a half hours on two
cores): on test-open LPIPS 0.194 where grey has 0.226, PSNR 22.8 dB where grey has 22.1, colorfulness 12 of
42.
"""

import functools

import keras

from photochrom_training import objectives, plateau
from photochrom_training.augmentation import Distortion
from photochrom_training.batches import View
from photochrom_training.configuration import Configuration, ConfigurationError
from photochrom_training.history import History
from photochrom_training.networks import efficientnet_lite, koala, pretrained

_VARIANT = "lite0"
_RATE = 1e-3
_DISTORTION = Distortion(rotation=20, shear=0.2, zoom=0.2)
"""As the original gave them to Keras's image generator, whose shear is in degrees."""
EXTRACTORS = ("efficientnet-lite0", "inception-resnet-v2")


def configuration(extractor: str = EXTRACTORS[0]) -> Configuration:
    """State the case, with one of ``EXTRACTORS``."""
    if extractor not in EXTRACTORS:
        raise ConfigurationError(f"no extractor {extractor!r}; there are: {', '.join(EXTRACTORS)}")
    return Configuration(
        name="koala",
        description=f"Deep Koalarization, regression on a*b*, features of {extractor}.",
        build=functools.partial(_build, extractor),
        optimizer=lambda _: keras.optimizers.RMSprop(_RATE),
        objective=lambda _: objectives.Regression(keras.losses.MeanSquaredError()),
        view=View(side=128, chroma_stride=1, distortion=_DISTORTION),
        batch_size=32,
        epochs=60,
        steps_per_epoch=200,
        validation_share=0.13,
        callbacks=_callbacks,
        sizes=(128, 192, 256, 320, 384),
        default_size=256,
        size_multiple=koala.INPUT_MULTIPLE,
    )


def _build(extractor: str) -> keras.Model:
    if extractor == EXTRACTORS[1]:
        return koala.build(koala.inception_resnet_v2())
    network = koala.build(koala.efficientnet(_VARIANT))
    pretrained.load_encoder(network, _VARIANT)
    for layer in efficientnet_lite.encoder_layers(network):
        layer.trainable = False
    return network


def _callbacks(history: History) -> list[keras.callbacks.Callback]:
    return [plateau.LowerRate(history, _RATE, factor=0.1, patience=5), plateau.Stop(history, patience=15)]

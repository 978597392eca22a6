"""The default model: EfficientNet-Lite0 U-Net, regression on a*b*.

    photochrom-train photochrom --photographs DATA/train-*.tar --output runs/photochrom

1.4 hours on two shared CPU cores, 192,000 views; expect on test-open (697 photographs) LPIPS 0.179 where
grey has 0.226, PSNR 23.1 dB where grey has 22.1, colorfulness 23.6 of 41.7.

The encoder starts from ImageNet and is frozen up to stride 8, where its features are the same for
any picture; the rest is fine-tuned at a tenth of the decoder's learning rate.
"""

import keras

from photochrom_training import objectives, optimizers
from photochrom_training.batches import View
from photochrom_training.configuration import Configuration
from photochrom_training.networks import photochrom, pretrained

_VARIANT = "lite0"
_FROZEN = ("encoder_stem", *(f"encoder_block{block}_" for block in range(5)))
"""The layers up to stride 8."""


def configuration() -> Configuration:
    """State the case."""
    return Configuration(
        name="photochrom",
        description="Natural color for any photograph: EfficientNet-Lite0 U-Net, regression on a*b*.",
        build=_build,
        optimizer=_optimizer,
        averaged=True,
        loss=objectives.huber(10.0),
        view=View(
            side=128, chroma_stride=photochrom.CHROMA_STRIDE, smallest_crop=0.65, ageing=0.3, chroma_gain=1.1
        ),
        batch_size=32,
        epochs=30,
        steps_per_epoch=200,
        sizes=(128, 160, 192, 224, 256, 320, 384),
        default_size=192,
        size_multiple=photochrom.INPUT_MULTIPLE,
    )


def _build() -> keras.Model:
    network = photochrom.build(_VARIANT)
    pretrained.load_encoder(network, _VARIANT)
    for layer in network.layers:
        if layer.name.startswith(_FROZEN):
            layer.trainable = False
    return network


def _optimizer(steps: int) -> keras.optimizers.Optimizer:
    return optimizers.FineTuningAdamW(
        optimizers.WarmupCosine(1e-3, steps),
        encoder_rate=0.1,
        weight_decay=0.01,
        global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=0.998,
    )

"""Fewer channels into the convolutions, for a network that runs faster and answers nearly the same.

A convolution of 3 by 3 multiplies each of its many input channels nine times by each of its weights, and
uses few directions of those channels. Here a convolution of 1 by 1 goes before it, to the directions that
matter to its outputs. Where its features were enlarged just before, as in a U-Net's decoder, it goes before
that too: a resize works on each channel alone, so the order is the same to the answer, and there are fewer
pixels. Which directions they are is measured on photographs; nothing is trained.

The factors minimize the squared change of the convolution's outputs, as in Zhang, Zou, He, Sun,
*Accelerating Very Deep Convolutional Networks*, arXiv 1505.06798, section 3.1 (the linear case).
"""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnx_ir.passes import common

from photochrom_contract import photograph, tensors
from photochrom_export.errors import ConversionError
from photochrom_export.narrowing.factors import Factors
from photochrom_export.narrowing.sites import Site, find
from photochrom_export.parity import Planes, onnx_predictor, onnx_session

_STEP = 8
"""Channels come in multiples of this: what vector instructions take at once."""

_SEARCHES = 12
"""Halvings of the interval in which the accepted loss is looked for, on a logarithmic scale."""

_LOSSES = (1e-7, 1e-1)
"""Shares of a convolution's output energy between which that interval lies."""


@dataclasses.dataclass(frozen=True)
class Narrowing:
    """What was done."""

    channels: Sequence[tuple[int, int]]
    """Of each convolution that got a narrower input: how many channels it had, and how many it has."""
    change: float
    """Root mean square of the chroma's change, in a*b* units, on photographs that nothing was fitted to."""


def narrow(
    model: onnx.ModelProto,
    photographs: Sequence[photograph.Lightness],
    size: int,
    budget: float,
    *,
    leave: str | None = None,
) -> tuple[onnx.ModelProto, Narrowing]:
    """The network with as few channels as the budget allows; the given model is left as it is.

    :param photographs: L* planes ``(h, w)``, at least two: every other one is to fit, the rest to measure.
    :param size: the side at which they are looked at.
    :param budget: root mean square of the chroma's change, in a*b* units, that may be spent.
    :param leave: a part of the network, by its name there, whose convolutions stay as they are.
    :raises ConversionError: if there is nothing to narrow within the budget, or nothing to measure it on.
    """
    if len(photographs) < 2:
        raise ConversionError(
            "narrowing needs at least two photographs, one to fit and one to measure, better 64: "
            "give them with --photographs"
        )
    planes = tensors.lightness_to_tensor(
        np.stack([photograph.reduce_lightness(lightness, size) for lightness in photographs])
    )
    fitted, measured = planes[::2], planes[1::2]
    sites = _sites(_read(model).graph, leave)
    moments = _moments(model, {site.features for site in sites}, fitted)
    factors = [Factors(site.weights(), moments[site.features]) for site in sites]
    before = _run(model, measured)

    best: tuple[onnx.ModelProto, Narrowing] | None = None
    low, high = np.log(_LOSSES)
    for _ in range(_SEARCHES):
        loss = float(np.exp((low + high) / 2))
        ranks = [
            site.worthwhile(each.rank_for(loss, _STEP)) for site, each in zip(sites, factors, strict=True)
        ]
        narrowed = _narrowed(model, factors, ranks, leave)
        change = float(np.sqrt(np.mean(np.square(_run(narrowed, measured) - before))))
        if not change <= budget:  # nor if it is not a number
            high = np.log(loss)
            continue
        low = np.log(loss)
        pairs = [(site.channels, rank) for site, rank in zip(sites, ranks, strict=True)]
        best = narrowed, Narrowing([pair for pair in pairs if pair[0] != pair[1]], change)
    if best is None or not best[1].channels:
        raise ConversionError(
            f"no channels can be spared for a change of the chroma by {budget:g} a*b* units: give a larger "
            "budget, or leave the network as it is"
        )
    return best


def _sites(graph: ir.Graph, leave: str | None) -> list[Site]:
    """Where the network can be narrowed: a tensor's name says which part of the network it is of."""
    sites = list(find(graph))
    kept = [site for site in sites if leave is None or leave not in site.named()]
    if leave is not None and len(kept) == len(sites):
        raise ConversionError(f"no part of the network is named {leave!r}, or none of it can be narrowed")
    return kept


def _narrowed(
    model: onnx.ModelProto, factors: Sequence[Factors], ranks: Sequence[int], leave: str | None
) -> onnx.ModelProto:
    copy = _read(model)
    plan = list(zip(_sites(copy.graph, leave), factors, ranks, strict=True))
    for site, each, rank in reversed(plan):
        if rank < site.channels:
            site.narrow(*each.of(rank))
    common.RemoveUnusedNodesPass()(copy)
    proto: onnx.ModelProto = ir.to_proto(copy)
    del proto.graph.value_info[:]
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _moments(
    model: onnx.ModelProto, names: Collection[str], planes: Planes
) -> dict[str, npt.NDArray[np.float64]]:
    """The second moment ``(c, c)`` of each of these features ``(n, c, h, w)``, over all pixels."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnx_session(watched.SerializeToString())
    moments: dict[str, Any] = dict.fromkeys(names, 0.0)
    for plane in planes:
        found = session.run(list(names), {tensors.LIGHTNESS: plane[np.newaxis]})
        for name, features in zip(names, found, strict=True):
            rows = features[0].reshape(features.shape[1], -1).astype(np.float64)
            moments[name] = moments[name] + rows @ rows.T / rows.shape[1] / len(planes)
    return moments


def _run(model: onnx.ModelProto, planes: Planes) -> Planes:
    predict = onnx_predictor(model.SerializeToString())
    return np.concatenate([predict(plane[np.newaxis]) for plane in planes])


def _read(model: onnx.ModelProto) -> ir.Model:
    return ir.from_proto(onnx.shape_inference.infer_shapes(model))

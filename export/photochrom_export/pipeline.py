"""The whole road: SavedModel, ONNX, cleaned, narrowed if wanted, stored, proven, published."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from photochrom_contract.description import Description
from photochrom_contract.manifest import Manifest
from photochrom_contract.tensors import TEMPERATURE
from photochrom_export import card, defaults, photographs, publishing
from photochrom_export.cleaning import NodeCounts, clean
from photochrom_export.conversion import OPSET, convert
from photochrom_export.narrowing import Narrowing, narrow
from photochrom_export.parity import BOUNDS, JUST_NOTICEABLE, Parity, onnx_predictor, prove
from photochrom_export.precision import Precision, store_weights
from photochrom_export.saved_model import SavedModel, describe

Report = Callable[[str], None]
"""Takes one line about what was done."""

_TOOLS: Final = ("tensorflow", "tf2onnx", "onnxslim", "onnxruntime")


@dataclasses.dataclass(frozen=True)
class Options:
    """What may differ from one export to the next."""

    photographs: Sequence[Path] = ()
    """What the proof and the narrowing run on; none for the folder ``examples/`` here."""
    version: int | None = None
    """None for the next free one."""
    card: Path | None = None
    precision: Precision = Precision.FLOAT32
    narrow: float | None = None
    """The change of the chroma to spend on speed, root mean square in a*b* units; None to change nothing."""
    max_difference: float | None = None
    """The bound of the parity proof, in a*b* units; None for the precision's own, or the narrowing's."""

    def bound(self) -> float:
        """The bound of the parity proof, in a*b* units."""
        if self.max_difference is not None:
            return self.max_difference
        return BOUNDS[self.precision] if self.narrow is None else JUST_NOTICEABLE


def export(folder: Path, repository: Path, options: Options, report: Report) -> Path:
    """Export a SavedModel into a model repository.

    :returns: the folder of the published version.
    :raises ExportError: with nothing published.
    """
    description = describe(folder)
    version = publishing.choose_version(repository, description.name, options.version)
    pictures = photographs.read(options.photographs)
    text = card.read(options.card) if options.card else None
    model = SavedModel(folder, description)

    converted = convert(model)
    before = NodeCounts.of(converted)
    cleaned = defaults.give(clean(converted), _defaults(description))
    after = NodeCounts.of(cleaned)
    report(f"converted  {folder} with tf2onnx, opset {OPSET}: {_nodes(before)}")
    report(f"cleaned    {_nodes(after)}")

    narrowed, narrowing = cleaned, None
    if options.narrow is not None:
        many = photographs.read(options.photographs, photographs.MANY)
        narrowed, narrowing = narrow(cleaned, many, description.default_size, options.narrow)
        report(f"narrowed   {_pairs(narrowing)} channels: the chroma changes by {narrowing.change:.2g}")

    serialized = store_weights(narrowed, options.precision).SerializeToString(deterministic=True)
    megabytes = len(serialized) / 1e6
    report(f"stored     weights as {options.precision}: {megabytes:.1f} MB")

    bound = options.bound()
    parity = prove(model.predict, onnx_predictor(serialized), pictures, description.sizes, bound)
    for temperature in _other_temperatures(description):
        at_temperature = functools.partial(model.predict, temperature=temperature)
        candidate = onnx_predictor(serialized, temperature)
        prove(at_temperature, candidate, pictures, [description.default_size], bound)
    report(
        f"proven     {parity.photographs} photographs, sizes {_list(parity.sizes)}, "
        f"batches {_list(parity.batches)}: largest difference {parity.largest:.3g}, "
        f"mean {parity.mean:.2g} a*b* units (bound {bound:g})"
    )

    facts = _facts(options, before, after, narrowing, parity)
    target = publishing.publish(
        repository,
        serialized,
        lambda sha256: Manifest(
            name=description.name,
            version=version,
            description=description.description,
            sha256=sha256,
            sizes=description.sizes,
            default_size=description.default_size,
            chroma_stride=parity.chroma_stride,
            provenance={**description.provenance, "export": facts},
        ),
        lambda published: card.with_facts(text or card.default(published), published, megabytes),
    )
    report(f"published  {target}")
    return target


def _defaults(description: Description) -> dict[str, float]:
    return {} if description.temperature is None else {TEMPERATURE: description.temperature}


def _other_temperatures(description: Description) -> tuple[float, ...]:
    """Of a model that takes one: two more at which its graph has to answer as the network does."""
    default = description.temperature
    return () if default is None else (default / 2, (default + 1) / 2)


def _facts(
    options: Options, before: NodeCounts, after: NodeCounts, narrowing: Narrowing | None, parity: Parity
) -> dict[str, Any]:
    return {
        "opset": OPSET,
        "weights": str(options.precision),
        "nodes_as_converted": dataclasses.asdict(before),
        "nodes_as_published": dataclasses.asdict(after),
        **({"narrowed": _pairs(narrowing), "narrowed_rms_change": narrowing.change} if narrowing else {}),
        "parity": {**dataclasses.asdict(parity), "bound": options.bound(), "unit": "CIE a*b*"},
        "tools": {tool: metadata.version(tool) for tool in _TOOLS},
    }


def _pairs(narrowing: Narrowing) -> str:
    return ", ".join(f"{before} to {after}" for before, after in narrowing.channels)


def _nodes(counts: NodeCounts) -> str:
    return f"{counts.total} nodes, {counts.transpose} Transpose, {counts.reshape} Reshape"


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))

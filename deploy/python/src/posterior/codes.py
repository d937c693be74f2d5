"""Codes of items: q(z|x), layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import numpy.typing as npt

from .receipt import Receipt

Numbers = npt.NDArray[Any]
#: The kind and the latent variables of each layer, the one nearest the data first.
Layout = tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """The codes of one layer of latent variables; what a layer of another kind has is None."""

    #: gaussian, point or categorical.
    kind: str
    #: Gaussian: means and standard deviations, [n, latent variables].
    mean: Optional[Numbers] = None
    scale: Optional[Numbers] = None
    #: Point: what a network remembers, [n, units].
    values: Optional[Numbers] = None
    #: Categorical: the likeliest choice at every place, [n, places], and their probabilities, [n, places, choices].
    codes: Optional[Numbers] = None
    probabilities: Optional[Numbers] = None


@dataclass(frozen=True, eq=False)
class Encoding:
    """The codes of items, the layer nearest the data first. Of a single layer `mean` and `scale` are here, too.

    `Model.decode` takes it as it is.
    """

    layers: list[Layer]
    receipt: Receipt

    @property
    def mean(self) -> Numbers:
        """Means of q(z|x), [n, latent variables]."""
        return _there(self._only.mean)

    @property
    def scale(self) -> Numbers:
        """Standard deviations of q(z|x), [n, latent variables]."""
        return _there(self._only.scale)

    def __len__(self) -> int:
        layer = self.layers[0]
        first = next(part for part in (layer.mean, layer.values, layer.codes) if part is not None)
        return len(first)

    def rows(self) -> Numbers:
        """A row an item: the means of layer 0, its scales, and so on; of categorical layers the codes, then the probabilities."""
        parts = [
            part.reshape(len(part), -1)
            for layer in self.layers
            for part in (layer.mean, layer.scale, layer.values, layer.codes, layer.probabilities)
            if part is not None
        ]
        return np.concatenate(parts, axis=1)

    @property
    def _only(self) -> Layer:
        if len(self.layers) != 1:
            raise ValueError(f"the code has {len(self.layers)} layers: take .layers[i]")
        return self.layers[0]

    @classmethod
    def of(cls, answer: Mapping[str, Any], receipt: Receipt) -> Encoding:
        return cls([_layer(layer) for layer in answer["layers"]], receipt)


def _layer(layer: Mapping[str, Any]) -> Layer:
    parts = {name: np.array(values, dtype=np.float32) for name, values in layer.items() if name != "kind"}
    if "codes" in parts:
        parts["codes"] = parts["codes"].astype(np.int64)
    return Layer(kind=layer["kind"], **parts)


def layout_of(encoding: Encoding) -> Layout:
    """What a row of the plain formats consists of; a kind that has no such row is of width -1."""

    def width(layer: Layer) -> int:
        part = layer.mean if layer.kind == "gaussian" else layer.values
        return -1 if part is None else int(part.shape[1])

    return tuple((layer.kind, width(layer)) for layer in encoding.layers)


def layers_of(rows: Numbers, layout: Layout) -> Optional[list[Layer]]:
    """Parts of rows as the layers that they are, not copied; None where the layout does not fit."""
    layers: list[Layer] = []
    place = 0
    for kind, width in layout:
        if width < 0:
            return None
        if kind == "gaussian":
            layers.append(Layer(kind, mean=rows[:, place : place + width], scale=rows[:, place + width : place + 2 * width]))
            place += 2 * width
        else:
            layers.append(Layer(kind, values=rows[:, place : place + width]))
            place += width
    return layers if place == rows.shape[1] else None


def codes_as_json(layers: Sequence[Any]) -> list[dict[str, Any]]:
    """Codes layer by layer as `decode` takes them in JSON; None and {} leave a layer to its prior."""

    def member(layer: Any) -> dict[str, Any]:
        if layer is None:
            return {}
        if isinstance(layer, Layer):
            layer = {"mean": layer.mean, "scale": layer.scale, "codes": layer.codes, "probabilities": layer.probabilities}
        if not isinstance(layer, Mapping):
            layer = {"mean": layer}
        return {name: np.asarray(part).tolist() for name, part in layer.items() if part is not None}

    return [member(layer) for layer in layers]


def _there(part: Optional[Numbers]) -> Numbers:
    if part is None:
        raise ValueError("the code has no mean and scale: .layers[0] says what it is")
    return part

"""What operations answer where it is more than an array. Everything has its `receipt`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional

import numpy as np
import numpy.typing as npt

from .receipt import Receipt

Numbers = npt.NDArray[np.float64]


def numbers(values: Any) -> Numbers:
    """JSON numbers as an array; null is NaN."""
    return np.array(values, dtype=np.float64)


class Texts(list[str]):
    """Texts that a model of texts drew."""

    def __init__(self, texts: list[str], receipt: Receipt) -> None:
        super().__init__(texts)
        self.receipt = receipt


@dataclass(frozen=True, eq=False)
class Scores:
    """Log-likelihoods of items in nats, or bounds of them, each under its full name: scores["iwae_nats"] is an array [n].

    NaN stands for what can't be said of an item.
    """

    columns: Mapping[str, Numbers]
    #: Over the items, by the same names.
    mean: Mapping[str, Optional[float]]
    standard_error: Mapping[str, Optional[float]]
    #: Whether a number is exact, a bound or an estimate; empty for the bounds of families with latent variables.
    kinds: Mapping[str, str]
    #: p(x|z) in words; numbers of other observation models can't be compared.
    observation_model: str
    #: Numbers an item.
    dimensions: int
    receipt: Receipt
    #: The labels of the rows of the DataFrame that was sent.
    index: Any = None

    def __getitem__(self, name: str) -> Numbers:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def to_frame(self) -> Any:
        """A DataFrame with a row an item."""
        import pandas

        return pandas.DataFrame(dict(self.columns), index=self.index)

    @classmethod
    def of(cls, answer: Mapping[str, Any], receipt: Receipt, index: Any = None) -> Scores:
        names = dict.fromkeys(name for item in answer["items"] for name in item)
        return cls(
            columns={name: numbers([item.get(name) for item in answer["items"]]) for name in names},
            mean=answer["mean"],
            standard_error=answer["standard_error"],
            kinds=answer.get("kinds", {}),
            observation_model=answer["observation_model"],
            dimensions=answer["dimensions"],
            receipt=receipt,
            index=index,
        )


@dataclass(frozen=True, eq=False)
class ClusterLayer:
    """The clusters of one layer of latent variables."""

    #: From 0, the layer nearest the data.
    layer: int
    #: How many clusters there are.
    components: int
    #: The likeliest cluster of each item, [n].
    assignments: npt.NDArray[np.int64]
    #: p(cluster | item), [n, components]; None where they were not asked for.
    responsibilities: Optional[Numbers]
    #: Items of each cluster, [components].
    sizes: npt.NDArray[np.int64]
    #: How unsure the model is of each item, [n], from 0 to ln components.
    entropy_nats: Numbers


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of items, layer by layer. Of a single layer the fields are here, too: clusters.assignments."""

    layers: list[ClusterLayer]
    receipt: Receipt

    @property
    def assignments(self) -> npt.NDArray[np.int64]:
        return self._only.assignments

    @property
    def responsibilities(self) -> Optional[Numbers]:
        return self._only.responsibilities

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        return self._only.sizes

    @property
    def entropy_nats(self) -> Numbers:
        return self._only.entropy_nats

    @property
    def _only(self) -> ClusterLayer:
        if len(self.layers) != 1:
            raise ValueError(f"there are clusters of {len(self.layers)} layers: take .layers[i], or ask with layer=i")
        return self.layers[0]

    @classmethod
    def of(cls, answer: Mapping[str, Any], receipt: Receipt) -> Clusters:
        return cls([_cluster_layer(layer) for layer in answer["layers"]], receipt)


def _cluster_layer(layer: Mapping[str, Any]) -> ClusterLayer:
    shares = layer.get("responsibilities")
    return ClusterLayer(
        layer=layer["layer"],
        components=layer["components"],
        assignments=np.array(layer["assignments"], dtype=np.int64),
        responsibilities=None if shares is None else numbers(shares),
        sizes=np.array(layer["sizes"], dtype=np.int64),
        entropy_nats=numbers(layer["entropy_nats"]),
    )


@dataclass(frozen=True, eq=False)
class Classes:
    """The class of each item, or a cluster that no label names (`is_new`)."""

    #: The likeliest of each item, [n].
    labels: npt.NDArray[np.str_]
    #: Its component, [n], and whether no label names it.
    component: npt.NDArray[np.int64]
    is_new: npt.NDArray[np.bool_]
    probability: Numbers
    #: How unsure the model is of each item, [n], from 0 to the logarithm of the number of components.
    entropy_nats: Numbers
    #: The names of all components, in the order of the columns of `probabilities`.
    names: list[str]
    #: [n, components]; NaN where `top` left it out.
    probabilities: Numbers
    #: Of a model that chooses modules for an item: which ones, a list an item.
    modules: Optional[list[Any]]
    receipt: Receipt

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of(cls, answer: Mapping[str, Any], receipt: Receipt) -> Classes:
        items = answer["items"]
        names = [component["label"] for component in answer["components"]]
        return cls(
            labels=np.array([item["label"] for item in items], dtype=np.str_),
            component=np.array([item["component"] for item in items], dtype=np.int64),
            is_new=np.array([item["is_new"] for item in items], dtype=np.bool_),
            probability=numbers([item["probability"] for item in items]),
            entropy_nats=numbers([item["entropy_nats"] for item in items]),
            names=names,
            probabilities=numbers([[item["probabilities"].get(name) for name in names] for item in items]),
            modules=[item["modules"] for item in items] if items and "modules" in items[0] else None,
            receipt=receipt,
        )


@dataclass(frozen=True, eq=False)
class Report(Mapping[str, Any]):
    """The report of an audit as the server wrote it: report["damage_curve"], report["items"][0] and so on."""

    document: Mapping[str, Any]
    receipt: Receipt

    @property
    def sane(self) -> bool:
        """Whether the audit passed its own checks; a report that did not proves nothing."""
        return bool(self.document["sane"])

    def __getitem__(self, name: str) -> Any:
        return self.document[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.document)

    def __len__(self) -> int:
        return len(self.document)

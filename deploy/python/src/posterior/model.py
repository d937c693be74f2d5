"""A model, and what it can be asked."""

from __future__ import annotations

import csv
import io
import os
import warnings
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Sequence,
    TypeVar,
    Union,
    overload,
)

import numpy as np

from . import items as bodies
from . import npy, tables
from .answers import Classes, Clusters, Report, Scores, Texts
from .arrays import Array
from .codes import Encoding, Layout, codes_as_json, layers_of, layout_of
from .compression import MEDIA_TYPE as BITS
from .compression import ACCEPT, Bits, Rate, Rows, places, restored
from .errors import NotFound, PosteriorWarning
from .files import replaced, save
from .imputation import Imputation
from .items import Items, Sent, checked_seed
from .notices import warn
from .receipt import Receipt
from .runs import Run
from .transport import FileBody, Memory, Request, Response, Transport, in_path

if TYPE_CHECKING:
    from typing import Literal

Answer = TypeVar("Answer")
PathLike = Union[str, "os.PathLike[str]"]

#: Rows of a table in one request, and what draws and rows make together at most.
PIECE = 5_000
MOST_DRAWS = 1_000_000


class Model:
    """A model of a server; `Posterior.model` makes one.

    Items are arrays [n, extents of an item...] or [n, numbers an item], in the model's raw units, NaN being missing; or DataFrames,
    lists of dicts by column, lists of texts, or the path of a CSV, PNG or NPY file. What a model can't do it says itself, by an exception.

    Every operation takes
    seed: 0 to 2**63 - 1, drawn here where it is absent; the same seed and items give the same answer, and `receipt.seed` says which it was.
    first_item: the number of the first item in a whole that was cut; the answers of the parts are then those of the whole.
    record: keeps the items with the record of the request, so that it can be replayed without sending them again.
    """

    def __init__(self, transport: Transport, reference: str, strict: bool, layouts: dict[str, Layout]) -> None:
        self._transport = transport
        #: name, name@3 or name@alias, as asked for.
        self.reference = reference
        self._strict = strict
        self._layouts = layouts

    def __repr__(self) -> str:
        return f"Model({self.reference!r})"

    # MARK: What it is

    def describe(self) -> dict[str, Any]:
        """Everything known about the version that the reference means now."""
        request = Request("GET", f"/v1/models/{in_path(self.reference)}")
        document: dict[str, Any] = self._transport.send(request, Response.json)
        return document

    @property
    def signature(self) -> dict[str, Any]:
        """What one item is: kind, shape, range, columns with their types. Asked for anew each time, because an alias may move."""
        signature: Optional[dict[str, Any]] = self.describe().get("signature")
        if signature is None:
            raise NotFound(f"{self.reference} has no version that is live; its versions are name@1 and so on.")
        return signature

    @property
    def operations(self) -> list[str]:
        """What can be asked of this model."""
        return [str(name) for name in self.describe()["operations"]]

    def scores(self, *, entry: Optional[str] = None, limit: Optional[int] = None) -> dict[str, Any]:
        """The score sheet of the version that the reference means now: what recorded evaluations and audits say of it.

        `entries` is a list by what was measured (likelihood, clusters, classification, calibration, imputation, modes, disentanglement,
        robustness): `latest` is the newest finished run with its protocol and metrics, `runs` the last ones, and `missing` how an entry
        without one can be filled, as bodies for `Posterior.start_run`.

        - Parameter entry: this one alone.
        - Parameter limit: runs of an entry, 5 where it is absent.
        """
        query = {name: str(value) for name, value in (("entry", entry), ("limit", limit)) if value is not None}
        request = Request("GET", f"/v1/models/{in_path(self.reference)}/scores", query)
        document: dict[str, Any] = self._transport.send(request, Response.json)
        return document

    # MARK: New items

    def sample(
        self,
        n: int = 1,
        *,
        seed: Optional[int] = None,
        temperature: Optional[float] = None,
        mean: Optional[bool] = None,
        given: Optional[Mapping[str, Any]] = None,
        items: Items = None,
        as_frame: bool = False,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Any:
        """New items, an array [n, extents of an item...] in raw units; texts come from `sample_texts`.

        Item i depends on (seed, i) alone: sample(3, seed=7) is the beginning of sample(64, seed=7), and
        sample(61, seed=7, first_item=3) its rest.

        - Parameter temperature: multiplies the prior's deviation.
        - Parameter mean: the mean of p(x|z) instead of a draw from it.
        - Parameter given: what to condition on, such as {"label": "sneaker"}, {"cluster": 7} or {"layers": [{"from_item": 0}, {}]}.
        - Parameter items: those that from_item counts.
        - Parameter as_frame: a DataFrame with the types of the columns, for models of tables; an array has categories as
          codes, and days and times as numbers since 1970 in single precision.
        """
        options = _options(
            n=n,
            seed=checked_seed(seed),
            temperature=temperature,
            mean=mean,
            given=given,
            first_item=first_item,
            record=record,
        )
        request = bodies.nothing(options) if items is None else self._sent(items, options)
        if not as_frame:
            return self._array("sample", request)
        columns = {column["name"]: column for column in self.signature.get("columns", [])}
        header, *lines = self._ask("sample", request, "text/csv", _lines)[0]
        return tables.frame_of(columns, lines, header)

    def sample_texts(
        self,
        n: int = 1,
        *,
        given: Optional[str] = None,
        length: Optional[int] = None,
        temperature: Optional[float] = None,
        mean: Optional[bool] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
    ) -> Texts:
        """Texts that a model of texts draws, `length` characters each, going on from `given`, which they don't repeat."""
        prompt = None if given is None else {"text": given}
        options = _options(
            n=n,
            seed=checked_seed(seed),
            given=prompt,
            length=length,
            temperature=temperature,
            mean=mean,
            first_item=first_item,
        )
        answer, receipt = self._document("sample", bodies.document({}, options))
        return Texts(answer["texts"], receipt)

    # MARK: Codes

    def encode(
        self,
        items: Items,
        *,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Encoding:
        """The codes of items, q(z|x): means and standard deviations of every layer, [n, latent variables], in float32."""
        request = self._sent(items, _options(seed=checked_seed(seed), first_item=first_item, record=record))
        if not _is_array(items):
            return self._encoding(request)
        rows, receipt = self._ask("encode", request, npy.MEDIA_TYPE, npy.read)
        if receipt.digest not in self._layouts:
            # A row does not say where its layers begin: the code of one item in JSON does.
            pinned = Model(self._transport, receipt.reference, False, self._layouts)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PosteriorWarning)
                one = pinned._encoding(pinned._sent(bodies.array(items)[:1], {"seed": 0}))
            self._layouts[receipt.digest] = layout_of(one)
        layers = layers_of(rows, self._layouts[receipt.digest])
        return self._encoding(request) if layers is None else Encoding(layers, receipt)

    def decode(
        self,
        codes: Any,
        *,
        sampling: Optional[bool] = None,
        mean: Optional[bool] = None,
        temperature: Optional[float] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Array:
        """The items that codes stand for, [n, extents of an item...].

        - Parameter codes: what `encode` answers; an array [n, latent variables], or [n, means and scales layer by layer]; or a list of
          layers, each an array [n, latent variables], {"mean": ..., "scale": ...}, or None, which leaves it to its prior.
        - Parameter sampling: draws z from the mean and scale of a code instead of taking its mean.
        - Parameter mean: False draws from p(x|z); its mean otherwise.
        - Parameter temperature: multiplies the prior's deviation in layers that are left out.
        """
        options = _options(
            sampling=sampling,
            mean=mean,
            temperature=temperature,
            seed=checked_seed(seed),
            first_item=first_item,
            record=record,
        )
        if isinstance(codes, Encoding):
            return self._array("decode", bodies.sent(codes.rows(), options))
        if isinstance(codes, Sequence) and len(codes) > 0 and not _are_numbers(codes):
            return self._array("decode", bodies.document({"layers": codes_as_json(codes)}, options))
        return self._array("decode", self._sent(codes, options))

    def reconstruct(
        self,
        items: Items,
        *,
        sampling: Optional[bool] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Any:
        """Items passed through their codes and back: the mean of p(x|z), in the shape of the items; a DataFrame of one.

        - Parameter sampling: draws z from q(z|x) instead of taking its mean.
        """
        options = _options(sampling=sampling, seed=checked_seed(seed), first_item=first_item, record=record)
        request = self._sent(items, options)
        if not bodies.is_frame(items):
            return self._array("reconstruct", request)
        columns = {column["name"]: column for column in self.signature.get("columns", [])}
        header, *lines = self._ask("reconstruct", request, "text/csv", _lines)[0]
        return tables.frame_of(columns, lines, header).set_index(items.index)

    # MARK: What it makes of items

    def score(
        self,
        items: Items,
        *,
        k: Optional[int] = None,
        targets: Optional[Sequence[str]] = None,
        estimator: Optional[Literal["proposal", "prior"]] = None,
        by_layer: Optional[bool] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Scores:
        """ln p(x) of each item in nats, exactly or as bounds; at most 50,000 items, more by `stream`.

        - Parameter k: draws of the importance-weighted bound.
        - Parameter targets: columns to score given the others, for families that can.
        - Parameter by_layer: the KL of every layer besides, for families with several.
        """
        options = _options(
            k=k,
            targets=_list(targets),
            estimator=estimator,
            by_layer=by_layer,
            seed=checked_seed(seed),
            first_item=first_item,
            record=record,
        )
        answer, receipt = self._document("score", self._sent(items, options))
        return Scores.of(answer, receipt, items.index if bodies.is_frame(items) else None)

    def cluster(
        self,
        items: Items,
        *,
        layer: Optional[int] = None,
        draws: Optional[int] = None,
        responsibilities: Optional[bool] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Clusters:
        """The cluster of each item in every layer, or in one; at most 50,000 items, more by `stream`.

        - Parameter draws: of z, which probabilities are averaged over; 0 takes the mean of q(z|x).
        - Parameter responsibilities: whether to list the probability of every cluster.
        """
        options = _options(
            layer=layer,
            draws=draws,
            responsibilities=responsibilities,
            seed=checked_seed(seed),
            first_item=first_item,
            record=record,
        )
        answer, receipt = self._document("cluster", self._sent(items, options))
        return Clusters.of(answer, receipt)

    def classify(
        self,
        items: Items,
        *,
        top: Optional[int] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Classes:
        """The class of each item, or a new cluster that no label names; at most 50,000 items, more by `stream`.

        - Parameter top: how many probabilities to list for an item, the greatest first.
        """
        options = _options(top=top, seed=checked_seed(seed), first_item=first_item, record=record)
        answer, receipt = self._document("classify", self._sent(items, options))
        return Classes.of(answer, receipt)

    # MARK: Holes

    def impute(
        self,
        items: Items,
        *,
        draws: int = 5,
        mode: Literal["draws", "point"] = "draws",
        cells: Optional[bool] = None,
        mask: Optional[str] = None,
        seed: Optional[int] = None,
        first_item: int = 0,
        record: Optional[bool] = None,
    ) -> Imputation:
        """Fills in what is missing: NaN and None, or what `mask` hides of images. Everything else comes back as it is.

        A DataFrame keeps its index, its columns and their types; whole numbers, truth values and categories stay such. Tables of more than
        5,000 rows are sent in pieces.

        - Parameter mode: "draws" answers `draws` tables whose missing values are sampled, which keeps their uncertainty: analyse each, then
          pool the estimates (`Posterior.pool`). "point" answers one table of means, medians and likeliest categories: the lowest error.
        - Parameter cells: whether to list what is believed of each missing cell; absent, yes, but not for arrays.
        - Parameter mask: what to hide of images, such as "left", "band" or "rectangle:8,8,12,12".
        """
        options = _options(draws=draws, mode=mode, cells=cells, mask=mask, seed=checked_seed(seed), record=record)
        if bodies.is_frame(items):
            return self._impute_frame(items, options, first_item)
        if bodies.are_rows(items):
            return self._impute_rows(items, options, first_item)
        if first_item:
            options["first_item"] = first_item
        if _is_array(items) and not cells:
            whole, receipt = self._ask("impute", self._sent(items, options), npy.MEDIA_TYPE, npy.read)
            completed = Array.of(whole, receipt)
            return Imputation([completed] if mode == "point" else list(completed), mode, None, receipt)
        answer, receipt = self._document("impute", self._sent(items, options))
        for cell in answer.get("cells", []):
            cell["row"] -= first_item
        return Imputation.of([answer], [receipt], like_array=_is_array(items), with_cells="cells" in answer and cells is not False)

    def impute_chunks(
        self,
        chunks: Iterable[Items],
        *,
        draws: int = 5,
        mode: Literal["draws", "point"] = "draws",
        cells: Optional[bool] = None,
        seed: Optional[int] = None,
        first_item: int = 0,
    ) -> Iterator[Imputation]:
        """Fills in a table that comes in parts, such as pandas.read_csv(..., chunksize=10_000): part by part what the whole would have."""
        seed = checked_seed(seed)
        for chunk in chunks:
            yield self.impute(chunk, draws=draws, mode=mode, cells=cells, seed=seed, first_item=first_item)
            first_item += len(chunk)

    def impute_file(
        self,
        source: PathLike,
        target: PathLike,
        *,
        draws: Optional[int] = None,
        mode: Optional[Literal["draws", "point"]] = None,
        seed: Optional[int] = None,
        **options: Any,
    ) -> Receipt:
        """Fills in a CSV file of any size in bounded memory; observed cells come back byte for byte. See `stream`.

        In mode draws every row stands in the target once for each completed table, numbered in a first column `imputation`.
        """
        return self.stream("impute", source, target, draws=draws, mode=mode, seed=seed, **options)

    def stream(self, operation: str, source: PathLike, target: PathLike, *, seed: Optional[int] = None, **options: Any) -> Receipt:
        """Asks an operation about a file of items of any size, and writes the answer into another, both in bounded memory.

        The names of the files say what is in them: .csv (and .csv.gz), .npy, or .f32 for bare float32. The target is
        there when all of it is.

        - Parameter options: those of the operation, and for CSV how it is read, such as decimal="," or missing="-999".
        """
        path = Path(target)
        accept = bodies.media_type(path)
        request = bodies.file(Path(source), _options(seed=checked_seed(seed), **options))
        with replaced(path) as part:
            _, receipt = self._ask(operation, request, accept, lambda response: save(response, part, path.suffix == ".gz"))
        return receipt

    # MARK: Compression

    def compress(
        self, items: Items, *, chunk: Optional[int] = None, seed: Optional[int] = None, record: Optional[bool] = None, **options: Any
    ) -> Bits:
        """Items without loss in as many bits as the model's bound says: bytes, with their `rate` in bits per dimension.

        Every value comes back; one that is none of the model's levels, or of a table on no decimal grid, is refused by its place. Tables may
        also be the text of a CSV file, of more than one line. Files of any size pass in bounded memory by
        `stream("compress", "wine.csv", "wine.bits")`.

        - Parameter chunk: items of a chunk, each of which is read without the others; more of them take fewer bits.
        - Parameter options: how CSV is read, such as decimal="," or missing="-999".
        """
        options = _options(chunk=chunk, seed=checked_seed(seed), record=record, **options)
        return self._ask("compress", self._to_compress(items, options), BITS, Bits.of)[0]

    def compression_rate(
        self, items: Items, *, chunk: Optional[int] = None, seed: Optional[int] = None, record: Optional[bool] = None, **options: Any
    ) -> Rate:
        """What `compress` would come to, in bits per dimension."""
        options = _options(chunk=chunk, seed=checked_seed(seed), record=record, **options)
        return Rate.of(self._document("compress", self._to_compress(items, options))[0]["bits_per_dim"])

    def _to_compress(self, items: Items, options: dict[str, Any]) -> Sent:
        return bodies.text(items, options) if isinstance(items, str) and "\n" in items else self._sent(items, options)

    def decompress(
        self,
        stream: Union[bytes, PathLike],
        *,
        items: Optional[Union[range, int]] = None,
        as_frame: bool = False,
        seed: Optional[int] = None,
        record: Optional[bool] = None,
    ) -> Any:
        """The items that this very model compressed, value for value: an array [n, extents of an item...] in raw units; of a table its rows, a
        list of dicts by column. `stream("decompress", "wine.bits", "wine.csv")` writes a table as it was laid out.

        - Parameter stream: what `compress` answered, or the path of a file that holds it.
        - Parameter items: some of them, such as range(100, 200); no more is read than the chunks that hold those.
        - Parameter as_frame: a DataFrame with the types of the columns, for models of tables.
        """
        query = bodies.query(_options(items=places(items), seed=checked_seed(seed), record=record))
        body = Memory((stream,)) if isinstance(stream, (bytes, bytearray, memoryview)) else FileBody(Path(stream))
        answer: Union[Array, Rows] = self._ask("decompress", Sent({"Content-Type": BITS}, query, body), ACCEPT, restored)[0]
        if not as_frame:
            return answer
        if not isinstance(answer, Rows):
            raise ValueError("as_frame is for models of tables")
        return tables.frame_of_rows({column["name"]: column for column in self.signature.get("columns", [])}, answer)

    # MARK: Audits

    @overload
    def robustness(
        self,
        items: Items,
        *,
        attack: Optional[Mapping[str, Any]] = None,
        targets: Items = None,
        labels: Optional[Sequence[Union[str, int]]] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
        wait: Literal[True] = True,
    ) -> Report: ...

    @overload
    def robustness(
        self,
        items: Items,
        *,
        attack: Optional[Mapping[str, Any]] = None,
        targets: Items = None,
        labels: Optional[Sequence[Union[str, int]]] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
        wait: Literal[False],
    ) -> Run: ...

    def robustness(
        self,
        items: Items,
        *,
        attack: Optional[Mapping[str, Any]] = None,
        targets: Items = None,
        labels: Optional[Sequence[Union[str, int]]] = None,
        seed: Optional[int] = None,
        first_item: Optional[int] = None,
        record: Optional[bool] = None,
        wait: bool = True,
    ) -> Union[Report, Run]:
        """How far a small, hostile change of an item moves what the model makes of it.

        - Parameter attack: such as {"kind": "apgd", "objective": "damage", "norm": "l2", "budgets": [0.5, 1], "steps": 100, "restarts": 5};
          budgets are in model units, where images run from 0 to 1. The server's defaults stand for what is absent.
        - Parameter targets: for the objectives latent and output, what each item should be taken for.
        - Parameter labels: for the objective downstream, the true class of each item.
        - Parameter wait: False answers a `Run` at once, whose events tell progress and whose `report` is this answer. The server keeps the
          items with it.
        """
        options = _options(attack=attack, labels=_list(labels), seed=checked_seed(seed), first_item=first_item, record=record)
        if targets is not None:
            # Targets stand in JSON alone.
            name = "rows" if bodies.is_frame(items) or bodies.are_rows(items) else "inputs"
            request = bodies.document({name: self._listed(items), "targets": self._listed(targets)}, options)
        else:
            request = self._sent(items, options)
        if wait:
            return Report(*self._document("robustness", request))
        headers = {"Prefer": "respond-async, handling=strict" if self._strict else "respond-async"}
        document, _ = self._ask("robustness", request, "application/json", Response.json, headers, is_safe=False)
        return Run(self._transport, document)

    # MARK: How it is asked

    def _sent(self, items: Items, options: Mapping[str, Any]) -> Sent:
        if bodies.is_frame(items):
            return bodies.document({"rows": tables.rows_of(items, self._forms(items))}, options)
        return bodies.sent(items, options)

    def _listed(self, items: Items) -> Any:
        if bodies.is_frame(items):
            return tables.rows_of(items, self._forms(items))
        return items if bodies.are_rows(items) else bodies.array(items).tolist()

    def _forms(self, frame: Any) -> tables.Forms:
        return tables.forms_of(self.signature) if tables.has_times(frame) else {}

    def _ask(
        self,
        operation: str,
        sent: Sent,
        accept: str,
        read: Callable[[Response], Answer],
        headers: Optional[Mapping[str, str]] = None,
        is_safe: bool = True,
    ) -> tuple[Answer, Receipt]:
        strict = {"Prefer": "handling=strict"} if self._strict else {}
        request = Request(
            "POST",
            f"/v1/models/{in_path(self.reference)}/{operation}",
            sent.query,
            {**sent.headers, "Accept": accept, **strict, **(headers or {})},
            sent.body,
            is_safe,
        )
        answer, receipt = self._transport.send(request, lambda response: (read(response), Receipt.of(response.headers)))
        warn(receipt.warnings)
        return answer, receipt

    def _array(self, operation: str, sent: Sent) -> Array:
        return Array.of(*self._ask(operation, sent, npy.MEDIA_TYPE, npy.read))

    def _document(self, operation: str, sent: Sent) -> tuple[dict[str, Any], Receipt]:
        return self._ask(operation, sent, "application/json", Response.json)

    def _encoding(self, sent: Sent) -> Encoding:
        return Encoding.of(*self._document("encode", sent))

    def _impute_rows(self, rows: Sequence[Mapping[str, Any]], options: dict[str, Any], first_item: int) -> Imputation:
        size = max(1, min(PIECE, MOST_DRAWS // max(1, options["draws"])))
        answers, receipts = [], []
        for start in range(0, len(rows), size) or [0]:
            place = {"first_item": first_item + start} if first_item + start else {}
            answer, receipt = self._document("impute", bodies.document({"rows": rows[start : start + size]}, {**options, **place}))
            for cell in answer.get("cells", []):
                # The server counts rows from first_item; here they are places in `rows`.
                cell["row"] -= first_item
            answers.append(answer)
            receipts.append(receipt)
        return Imputation.of(answers, receipts, like_array=False, with_cells=options.get("cells", True))

    def _impute_frame(self, frame: Any, options: dict[str, Any], first_item: int) -> Imputation:
        import pandas

        forms = self._forms(frame)
        rows = tables.rows_of(frame, forms)
        found = self._impute_rows(rows, options, first_item)
        cells = found.cells
        if cells is not None:
            names = ["row", "column", "mean", "sd", "q05", "q95"]
            names += ["probabilities"] if any("probabilities" in cell for cell in cells) else []
            cells = pandas.DataFrame(cells, columns=names, index=frame.index.take([cell["row"] for cell in cells]))
        completed = [tables.filled(frame, rows, table, forms) for table in found.tables]
        return Imputation(completed, found.mode, cells, found.receipt)


def _options(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _list(values: Optional[Iterable[Any]]) -> Optional[list[Any]]:
    return None if values is None else [value.item() if isinstance(value, np.generic) else value for value in values]


def _is_array(items: Items) -> bool:
    return not (bodies.is_frame(items) or bodies.is_path(items) or bodies.are_rows(items) or bodies.are_texts(items))


def _are_numbers(codes: Sequence[Any]) -> bool:
    """Whether these are rows of numbers, not layers."""
    return not any(layer is None or isinstance(layer, Mapping) or np.ndim(layer) == 2 for layer in codes)


def _lines(response: Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.read().decode("utf-8-sig"), newline="")))

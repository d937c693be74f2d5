"""Posterior's operations as functions of Spark DataFrames: impute, score, cluster, classify and sample.

    import posterior_spark as ps

    wine = ps.ModelFile("white-wine.safetensors", binary="posterior")
    filled = ps.impute(df, wine, seed=7, mode="point")

A row's random numbers follow from the seed and the row's number alone, so the answer has the bytes that a single process gives, in
however many partitions and whichever workers. Rows are numbered here, or by a column of the caller's; every partition is a run of numbers
without a gap, and one that is not is refused.

Each partition is answered by a process of the program, which Spark ships together with the model (`ModelFile`), or by a server
(`ServedModel`). The driver pins the version of the program and the digest of the model; a worker that finds others refuses. What fails is
tried again by Spark, as often as `spark.task.maxFailures` says.

Needs pyspark 4 and pyarrow. Options are those of the command line and of the query, by the same names.
"""

from __future__ import annotations

import functools
import hashlib
import http.client
import io
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any, Iterator, Optional, Sequence, Union

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import SparkContext, SparkFiles
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import ByteType, IntegerType, LongType, ShortType

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
#: The most rows that one request to sample may ask for.
MOST_SAMPLES = 10_000

Option = Union[str, int, float, bool, Sequence[Any], dict[str, Any], None]


#: Batches, each behind the number of its first row.
Numbered = Iterator[tuple[int, pa.RecordBatch]]


class PosteriorError(RuntimeError):
    """A refusal, by a worker or by the program: the sentence says what was given and what was expected."""


# --- What answers: pinned on the driver, checked by every worker


@dataclass(frozen=True)
class ModelFile:
    """A model in a file, asked by a process a partition.

    - path, binary: on the driver; both are shipped with the job, unless `ship` is False: then every machine has them under the same path.
    - threads: of each process; Spark runs one a core.
    """

    path: str
    binary: str = "posterior"
    ship: bool = True
    threads: int = 1

    def pin(self, context: SparkContext) -> PinnedFile:
        binary = shutil.which(self.binary)
        if binary is None:
            raise PosteriorError(f"There is no program {self.binary}, expected posterior on the PATH or the path of it.")
        digest = _digest(self.path)
        places = (os.path.abspath(binary), os.path.abspath(self.path))
        if self.ship:
            places = (_shipped(context, binary, _digest(binary), ""), _shipped(context, self.path, digest, ".safetensors"))
        return PinnedFile(*places, self.ship, self.threads, _version(binary), digest)


@dataclass(frozen=True)
class ServedModel:
    """A model of a server or of replicas behind one address.

    - name: name, name@3 or name@alias; the version that it means when the job begins is the one that all workers ask.
    - rows: of one request. - attempts: at each, where the server can't be reached or is busy.
    """

    url: str
    name: str
    key: Optional[str] = field(default=None, repr=False)
    rows: int = 10_000
    attempts: int = 8

    def pin(self, context: SparkContext) -> PinnedServer:
        connection = _Connection(self.url, self.key, self.attempts)
        known = connection.json("/v1/models/" + urllib.parse.quote(self.name, safe="@"))
        if known.get("version") is None:
            raise PosteriorError(f"{self.name} has no live version on {self.url}, expected one, or a name like {self.name}@1.")
        return PinnedServer(
            self.url, f"{known['name']}@{known['version']}", self.key, self.rows, self.attempts, connection.version(), known["digest"]
        )


Model = Union[ModelFile, ServedModel]


@dataclass(frozen=True)
class PinnedFile:
    binary: str
    model: str
    is_shipped: bool
    threads: int
    version: str
    digest: str

    def open(self) -> _Process:
        binary, model = (SparkFiles.get(name) for name in (self.binary, self.model)) if self.is_shipped else (self.binary, self.model)
        version, digest = _checked_version(*_state(binary)), _checked_digest(*_state(model))
        if version != self.version:
            raise PosteriorError(f"{binary} is of another version than the job's: given {version}, expected {self.version}.")
        if digest != self.digest:
            raise PosteriorError(f"{model} is another model than the job's: given {digest}, expected {self.digest}.")
        return _Process(binary, model, self.threads)


@dataclass(frozen=True)
class PinnedServer:
    url: str
    name: str
    key: Optional[str] = field(repr=False)
    rows: int
    attempts: int
    version: str
    digest: str

    def open(self) -> _Requests:
        connection = _Connection(self.url, self.key, self.attempts)
        version = connection.version()
        if version != self.version:
            raise PosteriorError(f"{self.url} is of another version than the job's: given {version}, expected {self.version}.")
        return _Requests(connection, self)


Pinned = Union[PinnedFile, PinnedServer]


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def _version(binary: str) -> str:
    return subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def _state(path: str) -> tuple[str, int, int]:
    """A file as it is now: Spark keeps a Python worker for many tasks, and each looks at a file again only where it has changed."""
    status = os.stat(path)
    return path, status.st_size, status.st_mtime_ns


@functools.lru_cache(maxsize=64)
def _checked_version(path: str, size: int, time: int) -> str:
    return _version(path)


@functools.lru_cache(maxsize=64)
def _checked_digest(path: str, size: int, time: int) -> str:
    return _digest(path)


def _shipped(context: SparkContext, path: str, digest: str, ending: str) -> str:
    """Adds a file to the job under a name of its content's, once: Spark refuses two files of one name."""
    name = "posterior-" + digest.removeprefix("sha256:")[:16] + ending
    if not any(os.path.basename(listed) == name for listed in context.listFiles):
        folder = tempfile.mkdtemp(prefix="posterior-spark-")
        shutil.copy(path, os.path.join(folder, name))
        context.addFile(os.path.join(folder, name))
    return name


# --- The operations


def impute(
    df: DataFrame,
    model: Model,
    seed: int,
    *,
    row_number: Optional[str] = None,
    partitions: Optional[int] = None,
    keep: Sequence[str] = (),
    **options: Option,
) -> DataFrame:
    """Rows with their holes filled in: `draws` versions of each, numbered in a column `imputation`, or with mode="point" one.

    - row_number: a column of whole numbers without a gap or a repeat that says which row is which; where absent rows are numbered from 0
      in the order that they have, in a column row_number. A source whose order changes from one reading to the next needs one of its own.
    - partitions: how many to cut the rows into; as many as there are where absent.
    - keep: columns that the model is not shown, and that stand beside the answer.
    """
    draws = options.get("draws")
    versions = 1 if options.get("mode") == "point" else 5 if draws is None else int(draws)  # type: ignore[arg-type]
    return _asked("impute", df, model, seed, row_number, partitions, keep, options, versions)


def score(
    df: DataFrame,
    model: Model,
    seed: int,
    *,
    row_number: Optional[str] = None,
    partitions: Optional[int] = None,
    keep: Sequence[str] = (),
    **options: Option,
) -> DataFrame:
    """ln p(x) of every row or bounds of it; parameters as of `impute`."""
    return _asked("score", df, model, seed, row_number, partitions, keep, options)


def cluster(
    df: DataFrame,
    model: Model,
    seed: int,
    *,
    row_number: Optional[str] = None,
    partitions: Optional[int] = None,
    keep: Sequence[str] = (),
    **options: Option,
) -> DataFrame:
    """The cluster of every row, with probabilities; parameters as of `impute`."""
    return _asked("cluster", df, model, seed, row_number, partitions, keep, options)


def classify(
    df: DataFrame,
    model: Model,
    seed: int,
    *,
    row_number: Optional[str] = None,
    partitions: Optional[int] = None,
    keep: Sequence[str] = (),
    **options: Option,
) -> DataFrame:
    """The class of every row, with probabilities; parameters as of `impute`."""
    return _asked("classify", df, model, seed, row_number, partitions, keep, options)


def sample(
    spark: SparkSession,
    model: Model,
    n: int,
    seed: int,
    *,
    row_number: str = "row_number",
    partitions: Optional[int] = None,
    **options: Option,
) -> DataFrame:
    """n new rows, numbered from 0."""
    rows = spark.range(0, n, 1, partitions or spark.sparkContext.defaultParallelism).withColumnRenamed("id", row_number)
    job = _Job("sample", _pinned(spark.sparkContext, model), seed, row_number, (), 1, _given(options))
    return rows.mapInArrow(job.answer, _schema(job, pa.table({row_number: pa.array([0], pa.int64())})))


def _asked(
    operation: str,
    df: DataFrame,
    model: Model,
    seed: int,
    row_number: Optional[str],
    partitions: Optional[int],
    keep: Sequence[str],
    options: dict[str, Option],
    versions: int = 1,
) -> DataFrame:
    name = row_number or "row_number"
    for column in keep:
        if column not in df.columns or column == name:
            raise PosteriorError(f'keep names "{column}", expected columns of the DataFrame beside {name}: {", ".join(df.columns)}.')
    rows = _numbered(df, name) if row_number is None else df
    kind = rows.schema[name].dataType if name in rows.columns else None
    if not isinstance(kind, (LongType, IntegerType, ShortType, ByteType)):
        raise PosteriorError(f'row_number is "{name}", {kind.simpleString() if kind else "no column"}, expected a column of whole numbers.')
    if row_number is not None or partitions is not None:
        number = F.col(name)
        cut = rows.repartitionByRange(partitions, number) if partitions else rows.repartitionByRange(number)
        rows = cut.sortWithinPartitions(number)
    context = df.sparkSession.sparkContext
    job = _Job(operation, _pinned(context, model), seed, name, tuple(keep), versions, _given(options))
    first = df.limit(1).toArrow()
    if first.num_rows == 0:
        raise PosteriorError("The DataFrame has no row, expected at least 1.")
    if row_number is None:
        first = first.append_column(name, pa.array([0], pa.int64()))
    return rows.mapInArrow(job.answer, _schema(job, first))


def _numbered(df: DataFrame, name: str) -> DataFrame:
    """Rows numbered as RDD.zipWithIndex does it, without leaving the JVM: partitions are counted, and each begins where the last ended.

    Where Spark cuts the rows otherwise once it has counted them, some partition has more than it had: those get no number, and are refused.
    """
    if name in df.columns:
        raise PosteriorError(f'The DataFrame has a column "{name}" of its own: say row_number="{name}" to number rows by it, or rename it.')
    counted = {part: count for part, count in df.groupBy(F.spark_partition_id()).count().collect()}
    counts = [counted.get(part, 0) for part in range(max(counted, default=0) + 1)]
    starts = list(itertools.accumulate(counts, initial=0))[:-1]

    def of_partition(numbers: Sequence[int]) -> Column:
        return F.get(F.array(*[F.lit(number).cast("long") for number in numbers]), F.spark_partition_id())

    # The upper bits are the partition's number, the lower 33 the row's in it.
    within = F.monotonically_increasing_id().bitwiseAND(F.lit((1 << 33) - 1))
    return df.withColumn(name, F.when(within < of_partition(counts), of_partition(starts) + within))


def _pinned(context: SparkContext, model: Model) -> Pinned:
    # Workers import what they are asked to call.
    context.addPyFile(__file__)
    return model.pin(context)


def _given(options: dict[str, Option]) -> tuple[tuple[str, Option], ...]:
    return tuple((name, value) for name, value in options.items() if value is not None)


def _schema(job: _Job, first: pa.Table) -> Any:
    """What the answer to any row looks like: that to the first, asked here on the driver."""
    answered = list(job.answer(iter(first.to_batches())))
    return from_arrow_schema(answered[0].schema)


# --- On the workers


@dataclass(frozen=True)
class _Job:
    """One operation, as every partition is asked it."""

    operation: str
    model: Pinned
    seed: int
    row_number: str
    keep: tuple[str, ...]
    versions: int
    options: tuple[tuple[str, Option], ...]

    def answer(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The answer to a partition; each of its rows stands as often as it has versions."""
        rows = _Rows(batches, self.row_number, self.keep)
        if rows.is_empty:
            return
        worker = self.model.open()
        count = 0
        answers = worker.samples(self, rows) if self.operation == "sample" else worker.answers(self, rows)
        for answer in answers:
            yield rows.beside(answer, count, self.versions)
            count += answer.num_rows
        if count != rows.count * self.versions:
            raise PosteriorError(f"The worker answered {count} rows to {rows.count}, expected {self.versions} to each.")


class _Rows:
    """The rows of a partition, batch by batch: the numbers are checked, and what the model is not shown is kept."""

    def __init__(self, batches: Iterator[pa.RecordBatch], row_number: str, keep: tuple[str, ...]) -> None:
        self._batches = (batch for batch in batches if batch.num_rows > 0)
        self._row_number = row_number
        self._kept: list[pa.RecordBatch] = []
        self._names = [row_number, *keep]
        self.count = 0
        self._first_batch = next(self._batches, None)
        self.is_empty = self._first_batch is None
        if self._first_batch is not None:
            self.first = self._number(self._first_batch, 0)

    def _number(self, batch: pa.RecordBatch, place: int) -> int:
        if self._row_number not in batch.schema.names:
            raise PosteriorError(f'A partition has no column "{self._row_number}", expected the numbers of its rows there.')
        value = batch.column(batch.schema.get_field_index(self._row_number))[place].as_py()
        if value is None:
            raise self._without_number(1)
        return int(value)

    def _without_number(self, count: int) -> PosteriorError:
        return PosteriorError(
            f"{self._row_number} is null in {count} rows, expected the number of every row; rows that are numbered here have none where they "
            "come in other partitions than when they were counted: persist() the DataFrame, or name a column with row_number."
        )

    def batches(self) -> Numbered:
        """What the model is shown, each batch behind the number of its first row."""
        batch: Optional[pa.RecordBatch] = self._first_batch
        self._first_batch = None
        while batch is not None:
            expected = self.first + self.count
            numbers = batch.column(batch.schema.get_field_index(self._row_number)).cast(pa.int64())
            if numbers.null_count > 0:
                raise self._without_number(numbers.null_count)
            if expected < 0:
                raise PosteriorError(f"{self._row_number} is {expected}, expected 0 or more.")
            wanted = pa.array(range(expected, expected + batch.num_rows), pa.int64())
            if not numbers.equals(wanted):
                place = pc.index(pc.equal(numbers, wanted), False).as_py()
                raise PosteriorError(
                    f"The {self._row_number} of a partition goes from {wanted[place].as_py() - 1} to {numbers[place].as_py()}, expected "
                    f"{wanted[place].as_py()}: the numbers of its rows have no gap and no repeat, because random numbers follow from them."
                )
            self._kept.append(batch.select(self._names))
            self.count += batch.num_rows
            yield expected, batch.drop_columns(self._names)
            batch = next(self._batches, None)

    def beside(self, answer: pa.RecordBatch, start: int, versions: int) -> pa.RecordBatch:
        """An answer's rows with what was kept of theirs; `start` is how many came before."""
        kept = pa.Table.from_batches(self._kept)
        if versions == 1:
            kept = kept.slice(start, answer.num_rows)
        else:
            kept = kept.take(pa.array([place // versions for place in range(start, start + answer.num_rows)]))
        for name in answer.schema.names:
            if name in self._names:
                raise PosteriorError(
                    f'"{name}" is a column of the answer as well, expected other names of the rows\' numbers and of what is kept.'
                )
        columns = [column.combine_chunks() for column in kept.columns] + answer.columns
        return pa.RecordBatch.from_arrays(columns, names=[*self._names, *answer.schema.names])


class _Process:
    """The program: a process for a partition, with Arrow in and out."""

    def __init__(self, binary: str, model: str, threads: int) -> None:
        self._binary, self._model, self._threads = binary, model, threads

    def _run(self, job: _Job, first: int, options: Sequence[str], batches: Numbered) -> Iterator[pa.RecordBatch]:
        command = [self._binary, job.operation, self._model, *options, "--format", "arrow", "--threads", str(self._threads)]
        command += ["--seed", str(job.seed), "--first-item", str(first), *_flags(job.options)]
        with tempfile.TemporaryFile() as messages:
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=messages) as process:
                assert process.stdin is not None and process.stdout is not None
                try:
                    # It reads everything before it writes anything.
                    try:
                        _write(batches, process.stdin)
                        process.stdin.close()
                        with pa.ipc.open_stream(process.stdout) as answers:
                            yield from answers
                    except (BrokenPipeError, pa.ArrowInvalid, OSError):
                        # Why it ended says more than that it did.
                        if process.wait() == 0:
                            raise
                    status = process.wait()
                finally:
                    process.kill()
            if status != 0:
                messages.seek(0)
                sentence = messages.read().decode(errors="replace").strip()
                raise PosteriorError(f"{' '.join(command[:3])} ended with {status}: {sentence}")

    def answers(self, job: _Job, rows: _Rows) -> Iterator[pa.RecordBatch]:
        # The input of impute may be left out, and so is an argument instead of an option.
        source = ["-"] if job.operation == "impute" else ["--input", "-"]
        return self._run(job, rows.first, [*source, "--input-format", "arrow"], rows.batches())

    def samples(self, job: _Job, rows: _Rows) -> Iterator[pa.RecordBatch]:
        for first, count in _runs(rows):
            yield from self._run(job, first, ["--n", str(count)], iter(()))


def _runs(rows: _Rows) -> Iterator[tuple[int, int]]:
    """First numbers and lengths of what one request to sample may ask for."""
    for first, batch in rows.batches():
        for start in range(0, batch.num_rows, MOST_SAMPLES):
            yield first + start, min(MOST_SAMPLES, batch.num_rows - start)


def _flags(options: Sequence[tuple[str, Option]]) -> Iterator[str]:
    for name, value in options:
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        else:
            yield from (f"--{flag}", _text(value))


def _text(value: Option) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _write(batches: Numbered, sink: Any) -> None:
    writer: Optional[pa.RecordBatchStreamWriter] = None
    for _, batch in batches:
        if writer is None:
            writer = pa.ipc.new_stream(sink, batch.schema)
        writer.write_batch(batch)
    if writer is not None:
        writer.close()


class _Requests:
    """A server: a request for some rows of a partition after the other, each with the number of its first."""

    def __init__(self, connection: _Connection, pinned: PinnedServer) -> None:
        self._connection = connection
        self._pinned = pinned

    def _post(self, job: _Job, first: int, options: dict[str, str], body: bytes) -> Iterator[pa.RecordBatch]:
        query = {"seed": str(job.seed), "first_item": str(first), **options, **{name: _text(value) for name, value in job.options}}
        path = f"/v1/models/{urllib.parse.quote(self._pinned.name, safe='@')}/{job.operation}?{urllib.parse.urlencode(query)}"
        # An ETag is the digest in quotes: 412 where the name has come to mean another model.
        headers = {"Accept": MEDIA_TYPE, "If-Match": f'"{self._pinned.digest}"'}
        if body:
            headers["Content-Type"] = MEDIA_TYPE
        status, answer = self._connection.ask("POST", path, headers, body)
        if status == 412:
            raise PosteriorError(f"{self._pinned.name} of {self._pinned.url} is another model than the job's: {_sentence(answer)}")
        if status != 200:
            raise PosteriorError(f"{self._pinned.url} answered {status}: {_sentence(answer)}")
        with pa.ipc.open_stream(answer) as answers:
            yield from answers

    def answers(self, job: _Job, rows: _Rows) -> Iterator[pa.RecordBatch]:
        for first, batch in rows.batches():
            for start in range(0, batch.num_rows, self._pinned.rows):
                part = batch.slice(start, self._pinned.rows)
                body = io.BytesIO()
                _write(iter([(first + start, part)]), body)
                yield from self._post(job, first + start, {}, body.getvalue())

    def samples(self, job: _Job, rows: _Rows) -> Iterator[pa.RecordBatch]:
        for first, count in _runs(rows):
            yield from self._post(job, first, {"n": str(count)}, b"")


class _Connection:
    """A connection to a server; a request with a seed has one answer, so one that failed or met a busy server is sent again."""

    def __init__(self, url: str, key: Optional[str], attempts: int) -> None:
        self._url = urllib.parse.urlsplit(url)
        if self._url.scheme not in ("http", "https") or not self._url.hostname:
            raise PosteriorError(f"The address is {url}, expected http://host:port or https://host:port.")
        self._key, self._attempts = key, max(1, attempts)
        self._connection: Optional[http.client.HTTPConnection] = None

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        own = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        for attempt in range(self._attempts):
            is_last = attempt + 1 == self._attempts
            try:
                if self._connection is None:
                    kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
                    self._connection = kind(self._url.hostname or "", self._url.port, timeout=600)
                self._connection.request(method, self._url.path.rstrip("/") + path, body, {**own, **headers})
                response = self._connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException) as error:
                if self._connection is not None:
                    self._connection.close()
                self._connection = None
                if is_last:
                    raise PosteriorError(f"{self._url.geturl()} can't be reached: {error!r} in {self._attempts} attempts.") from error
                # A replica that ended needs a moment to be replaced, and many workers ask at once.
                time.sleep(min(10.0, 0.2 * 2.0**attempt))
                continue
            if response.status not in (429, 503) or is_last:
                return response.status, answer
            # As long as the server asks for.
            wait = response.headers.get("Retry-After", "1")
            time.sleep(min(30.0, float(wait) if wait.isdecimal() else 1.0))
        raise AssertionError("the last attempt returns or raises")

    def json(self, path: str) -> dict[str, Any]:
        status, answer = self.ask("GET", path, {"Accept": "application/json"}, b"")
        if status != 200:
            raise PosteriorError(f"{self._url.geturl()}{path} answered {status}: {_sentence(answer)}")
        known: dict[str, Any] = json.loads(answer)
        return known

    def version(self) -> str:
        return str(self.json("/v2")["version"])


def _sentence(answer: bytes) -> str:
    """What a problem (RFC 9457) says."""
    try:
        return str(json.loads(answer)["detail"])
    except (ValueError, KeyError, TypeError):
        return answer[:400].decode(errors="replace")

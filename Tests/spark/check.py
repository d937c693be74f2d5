"""python check.py POSTERIOR FOLDER URL: the folder has the models that the server at URL serves."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import pathlib
import signal
import sys
import threading
import time
from typing import Any, Callable, Iterator

import posterior_spark as ps
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from answers import command, holed, same, single
from pyspark.sql import DataFrame, SparkSession

BINARY, WORK, URL = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
ROWS = 20_000
WINE = [name.strip() for name in open("deploy/examples/white-wine.csv").readline().split(",")]
passed = failed = 0


def expect(name: str, holds: bool, told: object = "") -> None:
    global passed, failed
    if holds:
        passed += 1
        print(f"  {name}", flush=True)
    else:
        failed += 1
        print(f"FAILED: {name} {told}", file=sys.stderr, flush=True)


def refuses(name: str, sentence: str, act: Callable[[], object]) -> None:
    try:
        act()
    except Exception as error:
        expect(name, sentence in str(error), str(error)[:2000])
    else:
        expect(name, False, "nothing was refused")


def model(name: str) -> str:
    return str(WORK / f"{name}.safetensors")


# --- Arrow as pyarrow writes and reads it


def typed_people() -> pa.Table:
    """The table in the types that a program would hold it in; its CSV has the same cells as texts."""
    days = {"joined": "%d.%m.%Y", "seen": "%Y-%m-%d %H:%M"}
    names = {
        "age": pa.int16(),
        "weight": pa.float64(),
        "colour": pa.dictionary(pa.int8(), pa.string()),
        "member": pa.bool_(),
        "score": pa.int64(),
    }
    names |= {"joined": pa.date32(), "seen": pa.timestamp("ms"), "children": pa.uint8(), "id": pa.large_string()}
    texts = arrow_csv.read_csv(
        WORK / "people.csv",
        convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True),
    )
    columns = []
    for name in texts.column_names:
        values = texts[name].to_pylist()
        if name in days:
            values = [value and datetime.datetime.strptime(value, days[name]) for value in values]
            values = [value and value.date() for value in values] if name == "joined" else values
        elif name == "member":
            values = [value and value == "True" for value in values]
        elif pa.types.is_integer(names[name]) or pa.types.is_floating(names[name]):
            values = [value and float(value) for value in values]
        columns.append(pa.array(values, names[name]))
    return pa.table(columns, names=texts.column_names)


def check_arrow(wine: pa.Table) -> None:
    point = {"seed": 7, "mode": "point"}
    whole = single(BINARY, "impute", model("wine"), wine, **point)
    for rows in (777, 5000):
        expect(f"batches of {rows} rows have one answer", same(single(BINARY, "impute", model("wine"), wine, rows, **point), whole))
    parts = [single(BINARY, "impute", model("wine"), wine.slice(start, 6000), first_item=start, **point) for start in range(0, ROWS, 6000)]
    expect("parts with their first_item are the whole", same(pa.concat_tables(parts), whole))
    sent = pc.is_valid(wine["pH"])
    expect("observed cells come back bit for bit", whole["pH"].filter(sent).equals(wine["pH"].filter(sent)) and whole["pH"].null_count == 0)

    people = typed_people()
    found = single(BINARY, "impute", model("people"), people, draws=3, seed=7)
    out = WORK / "filled.csv"
    os.spawnvp(os.P_WAIT, BINARY, command(BINARY, "impute", model("people"), str(WORK / "people.csv"), draws=3, seed=7, output=out))
    texts = arrow_csv.read_csv(out, convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(found.column_names, pa.string())))
    expect("names as in CSV", found.column_names == texts.column_names)
    for name in found.column_names:
        values, written = found[name].to_pylist(), texts[name].to_pylist()
        if name == "joined":
            values = [value.strftime("%d.%m.%Y") for value in values]
        elif name == "seen":
            values = [value.strftime("%Y-%m-%d %H:%M") for value in values]
        elif pa.types.is_integer(found.schema.field(name).type) or pa.types.is_floating(found.schema.field(name).type):
            values, written = [float(value) for value in values], [float(value) for value in written]
        else:
            values = [str(value) for value in values]
        others = [pair for pair in zip(values, written) if pair[0] != pair[1]]
        expect(f"{name} ({found.schema.field(name).type}) as in CSV", not others and len(values) == len(written), others[:5])


# --- Partitions


def answered(df: DataFrame, *order: str) -> pa.Table:
    table = df.toArrow()
    return table.sort_by([(name, "ascending") for name in order or ("row",)])


def check_partitions(spark: SparkSession, wine: pa.Table, frame: DataFrame) -> None:
    wines = {"process": ps.ModelFile(model("wine"), BINARY), "server": ps.ServedModel(URL, "wine", rows=3000)}
    numbers = wine.append_column("row", pa.array(range(ROWS), pa.int64()))
    whole = single(BINARY, "impute", model("wine"), wine, seed=7, mode="point")
    for way, parts in (("process", 1), ("process", 7), ("server", 3)):
        found = answered(ps.impute(frame, wines[way], 7, row_number="row", partitions=parts, mode="point"))
        expect(f"impute in {parts} partitions by {way}", same(found.drop_columns(["row"]), whole))
    few = numbers.slice(0, 3000)
    head = spark.createDataFrame(few.append_column("note", pa.array([f"n{row}" for row in range(3000)])))
    draws = single(BINARY, "impute", model("wine"), few.drop_columns(["row"]), seed=7, draws=2)
    for way in wines:
        found = answered(ps.impute(head, wines[way], 7, row_number="row", partitions=3, keep=["note"], draws=2), "row", "imputation")
        kept = found.column_names[:2] == ["row", "note"] and found["note"].to_pylist() == [f"n{row // 2}" for row in range(6000)]
        expect(f"draws by {way}, with a column that is kept", kept and same(found.drop_columns(["row", "note"]), draws))
    score = single(BINARY, "score", model("wine"), few.drop_columns(["row"]), seed=7, k=3)
    found = answered(ps.score(head.drop("row", "note"), wines["process"], 7, k=3), "row_number")
    expect("score, numbered here", found["row_number"].to_pylist() == list(range(3000)) and same(found.drop_columns(["row_number"]), score))

    # This model takes quality for a whole number, as its table has it.
    quality = wine.schema.get_field_index("quality")
    whole_numbers = wine.slice(0, 3000).set_column(quality, "quality", pc.round(wine["quality"].slice(0, 3000)))
    full = single(BINARY, "impute", model("mixture"), whole_numbers, seed=1, mode="point")
    cluster = single(BINARY, "cluster", model("mixture"), full, seed=7, draws=2)
    drawn = single(BINARY, "sample", model("mixture"), None, seed=7, n=9000)
    moons = arrow_csv.read_csv(WORK / "moons.csv").drop_columns(["moon"])
    classes = single(BINARY, "classify", model("moons"), moons, seed=7)
    full = full.append_column("row", pa.array(range(3000), pa.int64()))
    moons = moons.append_column("row", pa.array(range(len(moons)), pa.int64()))
    for way, place in (("process", lambda name: ps.ModelFile(model(name), BINARY)), ("server", lambda name: ps.ServedModel(URL, name))):
        found = answered(ps.cluster(spark.createDataFrame(full), place("mixture"), 7, row_number="row", partitions=3, draws=2))
        expect(f"cluster by {way}", same(found.drop_columns(["row"]), cluster))
        found = answered(ps.sample(spark, place("mixture"), 9000, 7, partitions=3), "row_number")
        expect(f"sample by {way}", same(found.drop_columns(["row_number"]), drawn))
        found = answered(ps.classify(spark.createDataFrame(moons), place("moons"), 7, row_number="row", partitions=3))
        expect(f"classify by {way}", same(found.drop_columns(["row"]), classes))


def check_types(spark: SparkSession) -> None:
    people = typed_people()
    # Spark has neither dictionaries nor whole numbers without a sign.
    for name, kind in (("colour", pa.string()), ("children", pa.int32())):
        people = people.set_column(people.schema.get_field_index(name), name, people[name].cast(kind))
    df = spark.createDataFrame(people)
    whole = single(BINARY, "impute", model("people"), df.toArrow(), seed=7, mode="point")
    found = answered(ps.impute(df, ps.ModelFile(model("people"), BINARY), 7, partitions=2, mode="point"), "row_number")
    found = found.drop_columns(["row_number"])
    # Spark's timestamps are of microseconds, whatever they were made of.
    expect("categories, truth values, days and times", same(found, whole.cast(found.schema)))


# --- What ends in the middle


def processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent's number and command of whatever runs."""
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            words = (place / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            yield int(place.name), int((place / "stat").read_text().rpartition(")")[2].split()[1]), words


def descendants() -> dict[int, str]:
    """Those of this process alone."""
    found, mine = list(processes()), {os.getpid()}
    while more := {number for number, parent, _ in found if parent in mine} - mine:
        mine |= more
    return {number: words for number, _, words in found if number in mine}


def check_crashes(wine: pa.Table, frame: DataFrame) -> None:
    """A process of the program is killed, then a whole executor while another one runs."""
    whole = single(BINARY, "impute", model("wine"), wine, seed=7, mode="point", draws=40)
    killed: list[str] = []
    is_over = threading.Event()

    def kill() -> None:
        while not is_over.is_set() and len(killed) < 2:
            family = descendants()
            if any(" impute " in words and "/posterior-" in words for words in family.values()):
                wanted = ("/posterior-", " impute ") if not killed else ("CoarseGrainedExecutorBackend", "")
                victim = next((number for number, words in family.items() if all(part in words for part in wanted)), None)
                if victim is not None:
                    os.kill(victim, signal.SIGKILL)
                    killed.append(wanted[0])
                    # The task is tried again before the executor goes.
                    time.sleep(0.5)
            # Nothing tells when a worker starts its process.
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    job = ps.impute(frame, ps.ModelFile(model("wine"), BINARY), 7, row_number="row", partitions=7, mode="point", draws=40)
    killer.start()
    found = answered(job)
    is_over.set()
    killer.join()
    expect("a process and an executor were killed", len(killed) == 2, killed)
    expect("which changed nothing", same(found.drop_columns(["row"]), whole))


# --- What is refused


def check_refusals(spark: SparkSession, wine: pa.Table) -> None:
    few = wine.slice(0, 10)
    local, served = ps.ModelFile(model("wine"), BINARY), ps.ServedModel(URL, "wine", attempts=2)

    def asked(row: list[Any], where: ps.Model = local, table: pa.Table = few, name: str = "row", **changes: Any) -> list[pa.RecordBatch]:
        """A partition as a worker is given it."""
        pinned = dataclasses.replace(where.pin(spark.sparkContext), **changes)
        job = ps._Job("score", pinned, 7, "row", (), 1, (("k", 2),))
        return list(job.answer(iter(table.append_column(name, pa.array(row, pa.int64())).to_batches())))

    rows: list[Any] = list(range(5, 15))
    expect(
        "a partition in the middle",
        sum(batch.num_rows for batch in asked(rows)) == 10 == sum(batch.num_rows for batch in asked(rows, served)),
    )
    refuses("no numbers", 'A partition has no column "row"', lambda: asked(rows, name="other"))
    refuses("a null", "row is null in 1 rows, expected the number of every row", lambda: asked([*rows[:-1], None]))
    refuses("a gap", "goes from 13 to 15, expected 14", lambda: asked([*rows[:-1], 15]))
    refuses("a repeat", "goes from 13 to 13, expected 14", lambda: asked([*rows[:-1], 13]))
    refuses("a negative number", "row is -3, expected 0 or more", lambda: asked(list(range(-3, 7))))
    for where in (local, served):
        refuses("another version", "is of another version than the job's: given", lambda: asked(rows, where, version="0.1.0, commit 0"))
        refuses("another model", "is another model than the job's", lambda: asked(rows, where, digest="sha256:" + "0" * 64))
    refuses("If-Match", "If-Match does not name the state that this has", lambda: asked(rows, served, digest="sha256:" + "0" * 64))
    refuses(
        "a column that the model doesn't know", 'has a column "taste"', lambda: asked(rows, local, few.append_column("taste", few["pH"]))
    )
    refuses("the same by a server", 'has a column "taste"', lambda: asked(rows, served, few.append_column("taste", few["pH"])))
    nowhere, nobody = ps.ServedModel("http://127.0.0.1:9", "wine", attempts=2), ps.ServedModel(URL, "nobody")
    refuses("a server that is not there", "can't be reached", lambda: nowhere.pin(spark.sparkContext))
    refuses("a model that is not there", "answered 404", lambda: nobody.pin(spark.sparkContext))
    numbered = spark.createDataFrame(few.append_column("row", pa.array([*rows[:-1], 99], pa.int64())))
    job = ps.score(numbered, local, 7, row_number="row", partitions=1)
    refuses("a gap, through Spark", "expected 14: the numbers of its rows have no gap", job.count)
    refuses("numbers that are none", 'row_number is "pH", double', lambda: ps.score(numbered, local, 7, row_number="pH"))
    refuses("no such column", 'row_number is "line", no column', lambda: ps.score(numbered, local, 7, row_number="line"))
    refuses("columns to keep that are not there", 'keep names "id"', lambda: ps.score(numbered, local, 7, row_number="row", keep=["id"]))
    refuses("no row", "The DataFrame has no row", lambda: ps.score(numbered.limit(0), local, 7, row_number="row"))


def main() -> None:
    wine = holed(ROWS, BINARY, model("wine"), WINE)
    check_arrow(wine)
    # Executors are processes of their own, as on a cluster.
    spark = (
        SparkSession.builder.master("local-cluster[2,1,768]")
        .config("spark.executor.memory", "512m")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    frame = spark.createDataFrame(wine.append_column("row", pa.array(range(ROWS), pa.int64())))
    check_refusals(spark, wine)
    check_partitions(spark, wine, frame)
    check_types(spark)
    check_crashes(wine, frame)
    spark.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()

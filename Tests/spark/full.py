"""python full.py POSTERIOR FOLDER [ROWS]: a million rows imputed by Spark on two cores are a single process's, byte for byte; how long each took."""

from __future__ import annotations

import os
import pathlib
import resource
import subprocess
import sys
import time

import posterior_spark as ps
import pyarrow as pa
import pyarrow.parquet as parquet
from answers import command, holed, same
from pyspark.sql import SparkSession

BINARY, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
ROWS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
MODEL = "deploy/models/white-wine.safetensors"
WINE = [name.strip() for name in open("deploy/examples/white-wine.csv").readline().split(",")]


def processor_seconds(root: int) -> float:
    """What a process and all below it took so far."""
    stats = {}
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # Its parent, and its own time with that of those below it that have ended.
        stats[int(place.name)] = (int(fields[1]), sum(int(field) for field in fields[11:15]))
    family = {root}
    while more := {number for number, (parent, _) in stats.items() if parent in family} - family:
        family |= more
    return sum(stats[number][1] for number in family if number in stats) / os.sysconf("SC_CLK_TCK")


def told(name: str, wall: float, processor: float) -> None:
    print(f"{name}: {ROWS / wall:.0f} rows/s, {wall:.1f} s on the clock, {processor:.1f} s of the processor", flush=True)


table = holed(ROWS, BINARY, MODEL, WINE).append_column("row", pa.array(range(ROWS), pa.int64()))
# Written in four files, as tables come.
(WORK / "wine").mkdir()
for part in range(4):
    parquet.write_table(table.slice(part * (ROWS // 4 + 1), ROWS // 4 + 1), WORK / f"wine/{part}.parquet")
with pa.OSFile(str(WORK / "wine.arrows"), "wb") as file, pa.ipc.new_stream(file, table.drop_columns(["row"]).schema) as writer:
    writer.write_table(table.drop_columns(["row"]), max_chunksize=10_000)
del table

before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
words = command(BINARY, "impute", MODEL, str(WORK / "wine.arrows"), seed=7, mode="point", threads=2, output=WORK / "filled.arrows")
subprocess.run(words, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
told("a single process on two threads", time.monotonic() - start, used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime)
with pa.OSFile(str(WORK / "filled.arrows")) as file, pa.ipc.open_stream(file) as answers:
    whole = answers.read_all()

spark = (
    SparkSession.builder.master("local[2,4]")
    .config("spark.driver.memory", "2g")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
frame = spark.read.parquet(str(WORK / "wine"))
model = ps.ModelFile(MODEL, BINARY)
# The first job starts the workers.
ps.impute(frame.limit(100), model, 7, row_number="row", mode="point").count()
is_same = True
for partitions in (2, 16, 61):
    taken, start = processor_seconds(os.getpid()), time.monotonic()
    place = str(WORK / f"filled-{partitions}")
    ps.impute(frame, model, 7, row_number="row", partitions=partitions, mode="point").write.parquet(place)
    told(f"Spark on two cores, {partitions} partitions", time.monotonic() - start, processor_seconds(os.getpid()) - taken)
    found = parquet.read_table(place).sort_by("row").drop_columns(["row"])
    if not same(found.cast(whole.schema), whole):
        print(f"{partitions} partitions gave other bytes than a single process", file=sys.stderr)
        is_same = False
spark.stop()
print(f"{ROWS} rows, the same bytes" if is_same else "other bytes")
sys.exit(0 if is_same else 1)

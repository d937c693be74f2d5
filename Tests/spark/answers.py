"""A single process's answers, and tables compared byte for byte."""

from __future__ import annotations

import io
import subprocess
from typing import Any

import pyarrow as pa


def stream(table: pa.Table, rows: int | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def flags(options: dict[str, Any]) -> list[str]:
    return [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]


def command(binary: str, operation: str, model: str, source: str | None, **options: Any) -> list[str]:
    items = [] if source is None else [source] if operation == "impute" else ["--input", source]
    return [binary, operation, model, *items, *flags(options)]


def single(binary: str, operation: str, model: str, table: pa.Table | None, rows: int | None = None, **options: Any) -> pa.Table:
    """What one process answers, asked in Arrow."""
    words = command(binary, operation, model, None if table is None else "-", format="arrow", **options)
    if table is not None:
        words += ["--input-format", "arrow"]
    run = subprocess.run(words, input=b"" if table is None else stream(table, rows), capture_output=True)
    if run.returncode:
        raise RuntimeError(run.stderr.decode())
    with pa.ipc.open_stream(run.stdout) as answers:
        return answers.read_all()


def holed(count: int, binary: str, model: str, names: list[str]) -> pa.Table:
    """So many rows that a model draws, some 30 % of their cells taken out, always the same ones."""
    nothing = pa.table({name: pa.nulls(count, pa.float64()) for name in names})
    drawn = single(binary, "impute", model, nothing, draws=1, seed=1).drop_columns(["imputation"])
    columns = []
    for place, column in enumerate(drawn.columns):
        # Fibonacci hashing of the cell's number.
        mask = pa.array([((row * len(names) + place) * 2654435769 & 0xFFFFFFFF) % 100 < 30 for row in range(count)])
        columns.append(pa.compute.if_else(mask, pa.scalar(None, pa.float64()), column.combine_chunks()))
    return pa.table(columns, names=names)


def same(found: pa.Table, expected: pa.Table) -> bool:
    """Byte for byte, whatever batches they came in."""
    if found.schema != expected.schema:
        print(f"columns: {found.schema}\nexpected: {expected.schema}")
        return False
    return stream(found.combine_chunks()) == stream(expected.combine_chunks())

"""python dask_example.py POSTERIOR MODEL TABLE.csv: a table imputed in parts, each by a process that is told the number of its first row."""

import io
import subprocess
import sys

import dask
import pandas as pd

binary, model, table = sys.argv[1:]


def impute(rows: pd.DataFrame, first: int) -> pd.DataFrame:
    options = f"--mode point --seed 7 --first-item {first} --threads 1 --format csv".split()
    run = subprocess.run([binary, "impute", model, "-", *options], input=rows.to_csv(index=False), stdout=subprocess.PIPE, text=True, check=True)
    return pd.read_csv(io.StringIO(run.stdout))


df = pd.read_csv(table)
df.iloc[::3, 2] = None
# The work is that of processes; threads wait for them.
parts = [dask.delayed(impute)(df[first : first + 1000], first) for first in range(0, len(df), 1000)]
filled = pd.concat(dask.compute(*parts, scheduler="threads"), ignore_index=True)
pd.testing.assert_frame_equal(filled, impute(df, 0), check_exact=True)
print(f"{len(filled)} rows in {len(parts)} parts are those of a single process")

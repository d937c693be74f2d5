"""python ray_example.py POSTERIOR MODEL TABLE.csv: a table imputed by tasks, each a process that is told the number of its first row."""

import io
import subprocess
import sys

import pandas as pd
import ray

binary, model, table = sys.argv[1:]


def impute(rows: pd.DataFrame, first: int) -> pd.DataFrame:
    options = f"--mode point --seed 7 --first-item {first} --threads 1 --format csv".split()
    run = subprocess.run([binary, "impute", model, "-", *options], input=rows.to_csv(index=False), stdout=subprocess.PIPE, text=True, check=True)
    return pd.read_csv(io.StringIO(run.stdout))


df = pd.read_csv(table)
df.iloc[::3, 2] = None
ray.init(num_cpus=2, include_dashboard=False)
parts = [ray.remote(impute).remote(df[first : first + 1000], first) for first in range(0, len(df), 1000)]
filled = pd.concat(ray.get(parts), ignore_index=True)
pd.testing.assert_frame_equal(filled, impute(df, 0), check_exact=True)
print(f"{len(filled)} rows in {len(parts)} parts are those of a single process")

"""What the check needs beside the bundled model: a table of every type of column, and points on two moons with the recipe of their classes."""

import json
import math
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "deploy/python/tests"))
import people  # noqa: E402

work = pathlib.Path(sys.argv[1])
(work / "people.csv").write_text("\n".join(people.lines()) + "\n")

chance = random.Random(1)
moons = ["x,y,moon"]
for point in range(1000):
    angle, moon = math.pi * chance.random(), ["upper", "lower"][point % 2]
    x, y = (math.cos(angle), math.sin(angle)) if moon == "upper" else (1 - math.cos(angle), 0.5 - math.sin(angle))
    moons.append(f"{chance.gauss(x, 0.1):.4f},{chance.gauss(y, 0.1):.4f},{moon}")
(work / "moons.csv").write_text("\n".join(moons) + "\n")
recipe = json.loads((ROOT / "deploy/recipes/half-moons.json").read_text())
recipe["data"]["source"] = str(work / "moons.csv")
# How well it classifies is another test's matter.
recipe["training"]["phases"][0]["epochs"] = 1
recipe["epochs"] = 2
(work / "moons.json").write_text(json.dumps(recipe))

"""A table with columns of every kind and cells missing here and there: python people.py > people.csv"""

import datetime
import random

HEADER = "id,age,weight,colour,member,score,joined,seen,children"


def lines(count: int = 300, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    result = [HEADER]
    for number in range(count):
        age = chance.randint(18, 80)
        joined = datetime.date(2020, 1, 1) + datetime.timedelta(days=10 * age + chance.randint(0, 30))
        seen = datetime.datetime(2020, 1, 1) + datetime.timedelta(minutes=1000 * age + chance.randint(0, 300))
        cells = [
            f"p{number:04d}",
            age,
            round(50 + age / 3 + chance.gauss(0, 3), 2),
            chance.choice(["red", "green", "blue"]),
            chance.choice(["True", "False"]),
            chance.choice([1, 2, 3]),
            joined.strftime("%d.%m.%Y"),
            seen.strftime("%Y-%m-%d %H:%M"),
            chance.choice([0, 1]),
        ]
        holes = {place for place in range(1, len(cells)) if chance.random() < 0.1}
        result.append(",".join("" if place in holes else str(cell) for place, cell in enumerate(cells)))
    return result


if __name__ == "__main__":
    print("\n".join(lines()))

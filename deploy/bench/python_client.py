#!/usr/bin/env python3
"""What the Python package adds to a request of 1,000 images by NPY, beside http.client with the same bytes.

    python3 deploy/bench/python_client.py http://127.0.0.1:8080 [ROUNDS]

Needs the package (deploy/python/build.sh) and a server with the bundled model fashion-mnist. Each operation is asked in turn by bare
http.client, which sends bytes that are ready and keeps the bytes that come, and by the package, which makes the bytes from an array
and an array from the bytes. Both have one connection that stays open. Medians, and the median of the differences within a pair.
"""

import http.client
import io
import statistics
import sys
import time
import urllib.parse

import numpy as np
from posterior import Posterior

address, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
place = urllib.parse.urlsplit(address)
bare = http.client.HTTPConnection(place.hostname, place.port)
model = Posterior(address).model("fashion-mnist")


def milliseconds(call):
    began = time.perf_counter()
    result = call()
    return 1e3 * (time.perf_counter() - began), result


def asked(operation, body):
    headers = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
    bare.request("POST", f"/v1/models/fashion-mnist/{operation}?seed=1", body, headers)
    return bare.getresponse().read()


def numbers(result):
    return result.rows() if hasattr(result, "rows") else np.asarray(result)


pixels = np.random.default_rng(1).integers(0, 256, (1000, 28, 28))
print("1,000 images, ms           http.client  package   added")
for dtype in (np.uint8, np.float32):
    images = pixels.astype(dtype)
    file = io.BytesIO()
    np.save(file, images)
    for operation in ("encode", "reconstruct"):
        call = getattr(model, operation)
        expected = np.load(io.BytesIO(asked(operation, file.getvalue())))
        assert np.array_equal(numbers(call(images, seed=1)), expected)
        pairs = []
        for turn in range(rounds):
            if turn % 2:
                one, two = milliseconds(lambda: asked(operation, file.getvalue()))[0], milliseconds(lambda: call(images, seed=1))[0]
            else:
                two, one = milliseconds(lambda: call(images, seed=1))[0], milliseconds(lambda: asked(operation, file.getvalue()))[0]
            pairs.append((one, two))
        ones, twos = zip(*pairs)
        added = statistics.median(two - one for one, two in pairs)
        base = statistics.median(ones)
        name = f"{operation} of {np.dtype(dtype).name}"
        print(f"{name:24}  {base:10.2f}  {statistics.median(twos):8.2f}  {added:+.2f} ({100 * added / base:+.1f} %)")

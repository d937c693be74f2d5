#!/usr/bin/env python3
"""Manifests of KServe's kinds against the models of its own Python package, strictly: a field that they don't have, or of another type, is an error.

    Tests/kubernetes/serving_kinds.py MANIFEST.yaml
"""
import importlib.util
import pathlib
import re
import sys
import types

import kubernetes.client.models as core
import yaml

# `import kserve` would import a server and all that it needs; its models stand alone.
package = types.ModuleType("kserve")
package.__path__ = [str(pathlib.Path(location)) for location in importlib.util.find_spec("kserve").submodule_search_locations]
sys.modules["kserve"] = package
import kserve.models as own  # noqa: E402

GROUP = {"serving.kserve.io/v1alpha1": "V1alpha1", "serving.kserve.io/v1beta1": "V1beta1"}
PLAIN = {"str": str, "bool": bool, "int": int, "float": (int, float)}
# Written as text or as a number, by their schemas.
EITHER = {"ResourceQuantity": (str, int, float), "IntOrString": (str, int)}


def check(value, kind, path, faults):
    # One package writes list[X] and dict(str, X), the other List[X] and Dict[str, X].
    kind = re.sub(r"^(List|Dict)", lambda name: name[0].lower(), kind)
    if kind.startswith("list["):
        if not isinstance(value, list):
            return faults.append(f"{path} is {value!r}, expected a list")
        for index, entry in enumerate(value):
            check(entry, kind[5:-1], f"{path}[{index}]", faults)
    elif kind.startswith("dict"):
        if not isinstance(value, dict):
            return faults.append(f"{path} is {value!r}, expected an object")
        for name, entry in value.items():
            check(entry, kind[5:-1].split(", ", 1)[1], f"{path}.{name}", faults)
    elif kind in PLAIN or kind in EITHER:
        wanted = PLAIN.get(kind) or EITHER[kind]
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
            faults.append(f"{path} is {value!r}, expected {kind}")
    elif kind != "object":
        model = getattr(own, kind, None) or getattr(core, kind, None)
        if model is None:
            return faults.append(f"{path}: KServe's package has no {kind}")
        if not isinstance(value, dict):
            return faults.append(f"{path} is {value!r}, expected an object")
        names = {written: name for name, written in model.attribute_map.items()}
        for written, entry in value.items():
            if written in names:
                check(entry, model.openapi_types[names[written]], f"{path}.{written}", faults)
            else:
                faults.append(f"{path}.{written}: {kind} has no such field")


def main():
    faults, checked = [], 0
    for document in yaml.safe_load_all(pathlib.Path(sys.argv[1]).read_text()):
        kind = GROUP.get(document["apiVersion"], "") + document["kind"]
        if not re.fullmatch(r"V1(alpha1|beta1)\w+", kind) or not hasattr(own, kind):
            faults.append(f"{document['apiVersion']} {document['kind']}: no kind of KServe's")
            continue
        check(document, kind, document["kind"], faults)
        checked += 1
    if faults or not checked:
        sys.exit("\n".join(faults or ["no document"]))
    print(f"{checked} kinds of KServe are as its package has them")


if __name__ == "__main__":
    main()

"""Small networks that go from Vitrine to each version of Keras and back, and whether every bit of their weights is there again.

  python3 test/keras/zoo-round-trip.py FOLDER [VERSION ...]    as zoo.py takes them; default: VERSIONS below

Vitrine reads the networks of test/fixtures/zoo and of zoo.py and writes them in four spellings (zoo-round-trip.ts); each Keras
loads those that are for it, predicts, and saves them as it spells them; Vitrine reads them again. The table that is printed
stands in docs/keras-round-trip.md. Not part of the tests: it takes some GB and minutes.
"""

import json
import os
import pathlib
import subprocess
import sys

from zoo import ROOT, site_of

VERSIONS = ["tf2.12.1", "tf2.13.1", "tf2.14.1", "tf2.15.1", "k3.0.5", "k3.12.0", "k3.15.1"]
TOLERANCE = 2e-5
"""Of the largest prediction."""


def endings(version):
    """Of our files, those that are for it."""
    return [".keras", ".h5"] if version.startswith("k") else [".2.keras", ".2.h5", ".h5"]


def pass_on(folder, version):
    """In the environment of a version: loads our files, predicts, and saves them again."""
    import keras
    import numpy as np

    out, found = folder / version, {}
    for case in json.loads((folder / "cases.json").read_text()):
        for ending in endings(version):
            file = case["base"] + ending
            if ending in case["refused"]:
                continue
            try:
                keras.backend.clear_session()
                model = keras.models.load_model(folder / "ours" / file, compile=False)
                x = np.float32(case["x"]).reshape(-1, *model.input_shape[1:])
                y = np.float32(case["y"])
                difference = np.abs(np.asarray(model(x, training=False)).ravel() - y).max() / np.abs(y).max()
                found[file] = {"difference": float(difference)}
                model.save(out / f"{file}.again{pathlib.Path(file).suffix}")
            except Exception as error:
                found[file] = {"error": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"}
    (folder / f"{version}.json").write_text(json.dumps(found))


def cell(case, version, predicted, again):
    """The largest difference of all spellings, where all weights came back; else what went wrong."""
    wrong, largest = [], 0
    for ending in endings(version):
        file = case["base"] + ending
        if ending in case["refused"]:
            continue
        result = predicted[file]
        bits = {verdict for name, verdict in again.items() if name.startswith(f"{file}.again")}
        largest = max(largest, result.get("difference", 0))
        if "error" in result:
            wrong.append(f"{file}: {result['error']}")
        elif result["difference"] > TOLERANCE:
            wrong.append(f"{file}: differs by {result['difference']:.0e}")
        elif bits != {"bit for bit"}:
            wrong.append(f"{file}: {', '.join(bits)}")
    return f"{largest:.0e}".replace("e-0", "e-"), wrong


def table(folder, versions):
    cases = json.loads((folder / "cases.json").read_text())
    again = json.loads((folder / "read.json").read_text())
    predicted = {version: json.loads((folder / f"{version}.json").read_text()) for version in versions}
    print(f"| Network | {' | '.join(versions)} |\n| --- |{' --- |' * len(versions)}")
    notes = []
    for case in sorted(cases, key=lambda case: case["name"]):
        cells = []
        for version in versions:
            text, wrong = cell(case, version, predicted[version], again[version])
            notes += [f"{version}: {note}" for note in wrong]
            cells.append("**fails**" if wrong else text)
        print(f"| {case['name']} | {' | '.join(cells)} |")
        notes += [f"{case['base']}{ending}: not written: {why}" for ending, why in case["refused"].items()]
    print()
    for note in notes:
        print(f"- {note}")


def run_vitrine(*given):
    subprocess.run(["node", "src/setup/launch.mjs", "run", "test/keras/zoo-round-trip.ts", *given], cwd=ROOT, check=True)


def main(folder, asked):
    folder.mkdir(parents=True, exist_ok=True)
    sites = {}
    for version, _, given in (one.partition("=") for one in asked or VERSIONS):
        site = given or site_of(folder, version)
        if site is None:
            print(f"{version}: cannot be installed for {sys.version.split()[0]}", file=sys.stderr)
        else:
            sites[version] = site
    python = lambda version, *given: subprocess.run(
        [sys.executable, *given],
        env={
            **os.environ,
            **({"KERAS_BACKEND": "jax"} if version.startswith("k") else {}),
            "PYTHONPATH": str(sites[version]),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        check=True,
    )
    made, last = folder / "made", list(sites)[-1]
    if not made.exists():
        made.mkdir()
        python(last, str(ROOT / "test/keras/zoo.py"), "--make", str(made))
    run_vitrine("write", str(folder), str(made))
    for version in sites:
        (folder / version).mkdir(exist_ok=True)
        python(version, __file__, "--pass-on", str(folder), version)
    run_vitrine("read", str(folder), *sites)
    table(folder, list(sites))


if sys.argv[1] == "--pass-on":
    pass_on(pathlib.Path(sys.argv[2]), sys.argv[3])
else:
    main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:])

"""The networks of test/fixtures/zoo, by the Keras that runs this: that it predicts what is recorded, or all of them anew.

  python zoo-anew.py ../fixtures/zoo/k315             loads each whole model and compares its predictions with those in NAME.json
  python zoo-anew.py ../fixtures/zoo/k315 FOLDER      also writes each network to FOLDER, with other weights, in the same spellings, with
                                                      what it predicts then

It did not write the files that are there: those are copies of files which a script made that is not kept, in the environments
of versions.py. Their architectures are in the files, and from there they are taken here; weights are seeded by the network's name.
A Keras opens the folder of its own version, and often those of older ones, not of newer ones; what it does not open is told, and fails.
Networks of weights alone, without a whole model beside them, are left out. Keras 3 runs with KERAS_BACKEND=jax.
"""

import json
import pathlib
import sys
import zlib

import numpy as np

from versions import library, save_old_weights

TOLERANCE = 2e-5
"""Of the largest prediction: versions and backends of Keras differ by that."""


def inputs(record):
    """The generator of zoo-cases.ts."""
    state, values = record["seed"], []
    for _ in range(int(np.prod(record["shape"]))):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(record["low"] + (record["high"] - record["low"]) * (state >> 8) / 16777216)
    return np.array(values, np.float32).reshape(record["shape"])


def is_whole(record, name):
    return name.endswith(".keras") or name == record["case"] + ".h5"


def difference(record, y):
    recorded = np.array(record["y"]).reshape(record["yshape"])
    return float(np.abs(y - recorded).max() / np.abs(recorded).max())


def seeded(model, name):
    """Moderate weights; variances are positive."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    values = []
    for variable in model.weights:
        shape = tuple(variable.shape)
        fans = max(1, int(np.prod(shape[:-1])))
        value = random.normal(0, 1 / np.sqrt(fans) if len(shape) > 1 else 0.1, shape)
        scaled = any(word in variable.name for word in ("variance", "gamma"))
        values.append(np.abs(value) + 0.5 if scaled else value)
    model.set_weights(values)


def save(keras, model, path):
    if path.name.endswith(".weights.h5"):
        model.save_weights(str(path))
    elif path.name.endswith(".w.h5"):
        save_old_weights(keras, model, path)
    else:
        model.save(str(path))


def write_anew(keras, model, record, folder):
    seeded(model, record["case"])
    for name in record["files"]:
        save(keras, model, folder / name)
    y = np.asarray(model.predict(inputs(record), verbose=0))
    told = {
        "keras": keras.__version__,
        "y": [float(f"{value:.7g}") for value in y.ravel()],
        "yshape": list(y.shape),
    }
    (folder / (record["case"] + ".json")).write_text(json.dumps({**record, **told}))


def main(zoo, folder=None):
    keras = library()
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    worst = 0.0
    for path in sorted(zoo.glob("*.json")):
        record = json.loads(path.read_text())
        whole = [name for name in record["files"] if is_whole(record, name)]
        if record["need"] != "run" or not whole:
            continue
        model = None
        for name in whole:
            try:
                model = keras.models.load_model(str(zoo / name), compile=False)
            except (TypeError, ValueError) as error:
                worst = float("inf")
                print(f"{name}: not opened, {str(error).splitlines()[0][:120]}")
                continue
            apart = difference(record, np.asarray(model.predict(inputs(record), verbose=0)))
            worst = max(worst, apart)
            print(f"{name}: {apart:.1e} of the largest prediction")
        if folder and model:
            write_anew(keras, model, record, folder)
    return worst


if __name__ == "__main__":
    found = main(*map(pathlib.Path, sys.argv[1:]))
    sys.exit(f"differs by {found}" if found > TOLERANCE else 0)

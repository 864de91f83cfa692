"""Networks that go from Vitrine to Keras and back, in every format, with what they predict on both sides.

Vitrine writes (round-trip.ts), Keras loads and predicts; Keras writes, Vitrine loads and predicts. The table that comes
of it is docs/keras-round-trip.md. Needs Keras 3 with any backend, h5py and an adapter for Vitrine; no test needs it.
Run in the root of the project: KERAS_BACKEND=jax python3 test/keras/round-trip.py FOLDER [--again]
With --again, what Vitrine wrote there before is taken.
"""

import importlib.metadata
import json
import os
import subprocess
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_DEFAULT_MATMUL_PRECISION", "highest")

import h5py
import keras
import numpy as np
from keras import layers

VITRINE = ["node", "--import", "tsx", "--import", "./src/shaders/node-hook.mjs"]
PROBABILITIES = 1e-6
FEATURES = 1e-5
"""As a share of the largest: after 50 layers, where float32 has 7 digits."""

LENETS = {
    "lenet5 relu max": ("relu", layers.MaxPooling2D, 0),
    "lenet5 tanh average dropout": ("tanh", layers.AveragePooling2D, 0.25),
}
FORMATS = {
    ".keras": "`.keras`",
    ".h5": "`.h5`, whole model",
    ".weights.h5": "`.weights.h5`",
    " legacy.h5": "`.h5`, weights alone (`--legacy`)",
    ".safetensors": "`.safetensors`",
}


def lenet5(name):
    activation, pooling, rate = LENETS[name]
    drop = lambda: [layers.Dropout(rate)] if rate > 0 else []
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 5, activation=activation),
            pooling(2),
            layers.Conv2D(16, 5, activation=activation),
            pooling(2),
            layers.Flatten(),
            *drop(),
            layers.Dense(120, activation=activation),
            *drop(),
            layers.Dense(84, activation=activation),
            layers.Dense(10, activation="softmax"),
        ]
    )


def residual():
    x = image = keras.Input((9, 8, 2))
    x = layers.ZeroPadding2D(((1, 2), (0, 1)), name="pad")(x)
    l2 = keras.regularizers.L2(0.0005)
    x = layers.Conv2D(4, 3, padding="same", kernel_regularizer=l2, name="conv1")(x)
    y = layers.BatchNormalization(epsilon=1.001e-5, name="bn")(x)
    y = layers.Activation("relu", name="relu")(y)
    y = layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", use_bias=False, name="conv2")(y)
    x = layers.MaxPooling2D(1, strides=(2, 1), name="shortcut")(x)
    x = layers.Add(name="out")([x, y])
    x = layers.AveragePooling2D((2, 3), strides=1, padding="same", name="blur")(x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(5, activation="tanh", name="frozen")(x)
    x = layers.Dropout(0.5, name="drop")(x)
    return keras.Model(image, layers.Dense(3, activation="softmax", name="predictions")(x))


def resnet50v2():
    build = keras.applications.ResNet50V2
    return build(weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3))


def make(name):
    keras.backend.clear_session()
    if name in LENETS:
        return lenet5(name)
    return residual() if name == "residual" else resnet50v2()


NAMES = [*LENETS, "residual", "resnet50v2"]
TRANSFER = "vgg16 with a head"
"""Only in files that say themselves what its layers are."""
WHOLE = (".keras", ".h5")


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
    }


def write_safetensors(path, tensors):
    entries, offset = {}, 0
    for name, values in tensors.items():
        end = offset + values.nbytes
        entries[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [offset, end]}
        offset = end
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values, "<f4").tobytes())


def load(folder, name, ending):
    """The model in one of Vitrine's files, or a new one of Keras with the weights in it."""
    path = os.path.join(folder, name + ending)
    if ending in WHOLE:
        return keras.models.load_model(path, compile=False)
    model = make(name)
    if ending == ".safetensors":
        tensors = read_safetensors(path)
        for layer in model.layers:
            for weight in layer.weights:
                weight.assign(tensors[f"{layer.name}/{weight.name}"])
    else:
        model.load_weights(path)
    return model


def same_bits(model, expected):
    wanted = {name: values for name, values in expected.items() if "/" in name}
    found = {f"{layer.name}/{w.name}": np.asarray(w) for layer in model.layers for w in layer.weights}
    same = lambda name: wanted[name].tobytes() == found[name].tobytes()
    return wanted.keys() == found.keys() and all(same(name) for name in wanted)


def compare(actual, wanted):
    return float(np.abs(actual - wanted).max()), float(np.abs(wanted).max())


def from_vitrine(folder):
    rows = []
    for name in [*NAMES, TRANSFER]:
        expected = read_safetensors(os.path.join(folder, f"{name}.expected.safetensors"))
        for ending in WHOLE if name == TRANSFER else FORMATS:
            if not os.path.exists(os.path.join(folder, name + ending)):
                continue
            model = load(folder, name, ending)
            difference, largest = compare(model.predict(expected["x"], verbose=0), expected["y"])
            bits = same_bits(model, expected)
            rows.append((name, ending, len(expected["x"]), difference, largest, bits))
            print(f"Vitrine -> Keras  {name}{ending}: {difference:.2e} of {largest:.2g}, {bits=}")
    return rows


def write_keras(folder):
    random = np.random.default_rng(3)
    for name in NAMES:
        keras.utils.set_random_seed(11)
        model = make(name)
        for weight in model.weights:
            if weight.name in ("gamma", "beta", "moving_mean", "moving_variance"):
                noise = random.uniform(-0.3, 0.3, weight.shape)
                weight.assign(np.asarray(weight) + noise)
        rows = 4 if name == "resnet50v2" else 64
        x = random.uniform(0, 1, (rows, *model.input_shape[1:])).astype("float32")
        expected = {"x": x, "y": model.predict(x, verbose=0)}
        path = os.path.join(folder, name)
        write_safetensors(f"{path}.expected.safetensors", expected)
        model.save(f"{path}.keras")
        model.save(f"{path}.h5")
        model.save_weights(f"{path}.weights.h5")
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(f"{path} legacy.h5", "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)


def to_vitrine(folder):
    write_keras(folder)
    run_vitrine("read", folder)
    with open(os.path.join(folder, "read.json")) as file:
        results = json.load(file)
    rows = []
    for name in NAMES:
        for ending in FORMATS:
            found = results.get(name + ending)
            if found is None:
                continue
            count = len(read_safetensors(os.path.join(folder, f"{name}.expected.safetensors"))["x"])
            rows.append((name, ending, count, found["difference"], found["largest"], None))
            print(f"Keras -> Vitrine  {name}{ending}: {found['difference']:.2e}")
    return rows


def run_vitrine(mode, folder):
    subprocess.run([*VITRINE, "test/keras/round-trip.ts", mode, folder], check=True)


def agrees(row):
    name, _, _, difference, largest, bits = row
    limit = FEATURES * largest if name == "resnet50v2" else PROBABILITIES
    return difference <= limit and bits is not False


def table(rows, with_bits):
    head = "| Network | File | Inputs | Largest difference | Largest output |"
    lines = [head + (" Weights |" if with_bits else ""), "|---|---|---|---|---|" + "---|" * with_bits]
    for name, ending, count, difference, largest, bits in rows:
        cells = [name, FORMATS[ending], str(count), f"{difference:.1e}", f"{largest:.2g}"]
        if with_bits:
            cells.append("bit for bit" if bits else "**differ**")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def document(folder, written, read):
    with open(os.path.join(folder, "adapter.txt")) as file:
        adapter = file.read()
    version = importlib.metadata.version
    backend = keras.backend.backend()
    return f"""# Between Vitrine and Keras

Networks saved by one and loaded by the other, in every format, and how far their outputs are apart. Made by
`python3 test/keras/round-trip.py FOLDER` with Keras {keras.__version__} ({backend} {version(backend)}), h5py {h5py.__version__},
NumPy {np.__version__}; Vitrine on {adapter}.

The two LeNet-5 are trained by Vitrine on Fashion-MNIST and exported by `npm run export`; their inputs are test
images, their outputs probabilities. `residual` is a small graph with a branch, batch normalisation, a frozen layer, a
regulariser and odd windows. `resnet50v2` is the network of Keras Applications at 32×32 without its classifier, its
outputs 2,048 pooled features. `vgg16 with a head` is what transfer learning trains. The weights of these three are
seeded. Probabilities agree within {PROBABILITIES:.0e}, features within {FEATURES:.0e} of the largest; beyond that the
script fails.

## Saved by Vitrine, loaded by Keras

{table(written, True)}

## Saved by Keras, loaded by Vitrine

{table(read, False)}
"""


def main():
    folder = sys.argv[1]
    ours, theirs = os.path.join(folder, "vitrine"), os.path.join(folder, "keras")
    os.makedirs(ours, exist_ok=True)
    os.makedirs(theirs, exist_ok=True)
    if "--again" not in sys.argv:
        run_vitrine("write", ours)
    written = from_vitrine(ours)
    read = to_vitrine(theirs)
    with open("docs/keras-round-trip.md", "w") as file:
        file.write(document(ours, written, read))
    wrong = [row for row in written + read if not agrees(row)]
    for row in wrong:
        print("beyond the tolerance:", *row)
    sys.exit(1 if wrong else 0)


main()

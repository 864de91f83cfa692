"""Small networks, written anew by the versions of Keras that one names, each in an environment of its own, and read by us.

  python3 test/keras/zoo.py FOLDER [VERSION ...]      tf2.15.1, k3.12.0, …; default: VERSIONS below
  python3 test/keras/zoo.py FOLDER k3.12.0=SITE       in SITE, a folder that has it, instead of an environment made here

Prints the table of docs/keras-files.md. A version that cannot be installed for this Python is left out and told of. Not
part of the tests: it takes some GB and minutes.
"""

import json
import os
import pathlib
import subprocess
import sys

VERSIONS = ["tf2.13.1", "tf2.15.1", "k3.12.0", "k3.15.1"]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def networks(keras):
    """By name: a function that builds the network, the shape of an input, and the optimiser of those that are compiled."""
    L, R = keras.layers, keras.regularizers

    def plain():
        return keras.Sequential(
            [
                L.Conv2D(4, 3, activation="relu", input_shape=(12, 12, 1)),
                L.BatchNormalization(),
                L.MaxPooling2D(),
                L.Dropout(0.25),
                L.Flatten(),
                L.Dense(8, activation="relu"),
                L.BatchNormalization(),
                L.Dense(5, activation="softmax"),
            ]
        )

    def branches():
        image = keras.Input((12, 12, 3), name="image")
        x = L.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(image)
        y = L.DepthwiseConv2D(3, padding="same", name="depth")(x)
        z = L.Add(name="sum")([x, L.ReLU(name="relu")(y)])
        both = L.Concatenate(name="both")([z, L.AveragePooling2D(3, 1, padding="same", name="blur")(z)])
        return keras.Model(image, L.Dense(5, activation="softmax", name="out")(L.GlobalAveragePooling2D(name="pool")(both)))

    def inner():
        image = keras.Input((6, 6, 4), name="inner_input")
        return keras.Model(image, L.BatchNormalization(name="inner_bn")(L.Conv2D(4, 3, padding="same", name="inner_conv")(image)), name="inner")

    def nested(trainable=True):
        model = inner()
        model.trainable = trainable
        image = keras.Input((12, 12, 3), name="image")
        x = model(L.Conv2D(4, 3, 2, padding="same", name="conv")(image))
        return keras.Model(image, L.Dense(5, activation="softmax", name="out")(L.Flatten(name="flat")(x)))

    def shared():
        model, twin = inner(), L.Dense(4, activation="tanh", name="twin")
        image = keras.Input((12, 12, 3), name="image")
        x = L.Conv2D(4, 3, 2, padding="same", name="conv")(image)
        y = L.Concatenate(name="both")([model(twin(x)), model(twin(twin(x)))])
        return keras.Model(image, L.Dense(5, activation="softmax", name="out")(L.Flatten(name="flat")(y)))

    def branching():
        """Whose layers Keras counts in another order than they are called in: those farthest from the output first."""
        image = keras.Input((6, 6, 4), name="branching_input")
        short = L.Conv2D(4, 3, padding="same", name="short")(image)
        long = L.Conv2D(4, 3, padding="same", activation="relu", name="long_1")(image)
        long = L.Conv2D(4, 3, padding="same", name="long_2")(long)
        return keras.Model(image, L.Add(name="branching_sum")([short, long]), name="branching")

    def in_chain():
        ends = [L.Flatten(), L.Dense(5, activation="softmax")]
        return keras.Sequential([L.Conv2D(4, 3, 2, padding="same", input_shape=(12, 12, 3)), branching(), *ends])

    def inference():
        image = keras.Input((12, 12, 3), name="image")
        x = L.Conv2D(4, 3, 2, padding="same", name="conv")(image)
        y = L.Add(name="both")([inner()(x, training=False), branching()(x, training=False)])
        return keras.Model(image, L.Dense(5, activation="softmax", name="out")(L.Flatten(name="flat")(y)))

    def squeeze():
        image = keras.Input((12, 12, 3), name="image")
        x = L.Conv2D(4, 3, activation="relu", name="conv")(image)
        gate = L.Dense(4, activation="sigmoid", name="gate")(L.GlobalAveragePooling2D(name="pool")(x))
        x = L.Multiply(name="scaled")([x, L.Reshape((1, 1, 4), name="shape")(gate)])
        return keras.Model(image, L.Dense(5, activation="softmax", name="out")(L.Flatten(name="flat")(x)))

    def regularised():
        return keras.Sequential(
            [
                L.Conv2D(4, 3, kernel_regularizer=R.L1L2(0.01, 0.02), input_shape=(8, 8, 1)),
                L.Flatten(),
                L.Dense(5, activation="softmax", kernel_regularizer=R.L1(0.01)),
            ]
        )

    def activations():
        return keras.Sequential(
            [
                L.Dense(8, input_shape=(6, 6, 2)),
                L.LeakyReLU(),
                L.PReLU(),
                L.ELU(),
                L.Flatten(),
                L.Dense(5),
                L.Softmax(),
            ]
        )

    def augmented():
        return keras.Sequential(
            [
                L.Rescaling(1 / 255, input_shape=(12, 12, 3)),
                L.RandomFlip("horizontal"),
                L.RandomRotation(0.1),
                L.Conv2D(4, 3, 2),
                L.Flatten(),
                L.Dense(5, activation="softmax"),
            ]
        )

    def operations():
        image = keras.Input((12, 12, 3), name="image")
        x = L.Conv2D(4, 3, name="conv")(image / 127.5 - 1.0)
        return keras.Model(image, L.Dense(5, activation="softmax", name="out")(L.Flatten(name="flat")(x)))

    def two_inputs():
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        return keras.Model([a, b], L.Dense(5, activation="softmax", name="out")(L.Add(name="sum")([a, b])))

    return {
        "plain": (plain, (12, 12, 1), "Adam"),
        "branches": (branches, (12, 12, 3), "SGD"),
        "nested": (nested, (12, 12, 3), "RMSprop"),
        "nested, frozen": (lambda: nested(False), (12, 12, 3), "Adam"),
        "shared layers": (shared, (12, 12, 3), "Adam"),
        "branches in a chain": (in_chain, (12, 12, 3), "Adam"),
        "called with training=False": (inference, (12, 12, 3), "Adam"),
        "squeeze and excitation": (squeeze, (12, 12, 3), "Adam"),
        "L1 and L2": (regularised, (8, 8, 1), None),
        "activation layers": (activations, (6, 6, 2), None),
        "augmentation": (augmented, (12, 12, 3), "Adam"),
        "operations": (operations, (12, 12, 3), None),
        "two inputs": (two_inputs, None, None),
    }


def make(folder):
    """In the environment of a version: files, and what it predicts."""
    import keras
    import numpy as np

    for name, (build, shape, optimizer) in networks(keras).items():
        keras.backend.clear_session()
        model = build()
        random = np.random.RandomState(5)
        weights = [w + 0.1 * random.rand(*w.shape).astype("float32") for w in model.get_weights()]
        model.set_weights(weights)
        x = random.rand(4, *(shape or (1,))).astype("float32")
        if optimizer:
            model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, np.arange(4), batch_size=4, epochs=2, verbose=0)
        y = np.asarray(model(x, training=False)) if shape else x[:, :0]
        base = name.replace(",", "").replace(" ", "-")
        files = []
        for ending in (".keras", ".h5"):
            try:
                model.save(folder / (base + ending))
                files.append(base + ending)
            except Exception as error:
                print(f"{keras.__version__}: {base}{ending}: {error}", file=sys.stderr)
        record = {"name": name, "keras": keras.__version__, "files": files, "compiled": bool(optimizer)}
        values = {"x": x.ravel().tolist(), "y": y.ravel().tolist()}
        (folder / (base + ".json")).write_text(json.dumps({**record, **values}))


def site_of(folder, version):
    """A folder with that version alone; None where it cannot be had for this Python."""
    site = folder / "sites" / version
    if site.exists():
        return site
    number = version.lstrip("tfk")
    packages = [f"keras=={number}", "jax"] if version.startswith("k") else [f"tensorflow-cpu=={number}"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(site), *packages]
    return site if subprocess.run(pip).returncode == 0 else None


def main(folder, versions):
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    for asked in versions or VERSIONS:
        version, _, given = asked.partition("=")
        site = given or site_of(folder, version)
        if site is None:
            print(f"{version}: cannot be installed for {sys.version.split()[0]}", file=sys.stderr)
            continue
        out = folder / version
        out.mkdir(exist_ok=True)
        backend = {"KERAS_BACKEND": "jax"} if version.startswith("k") else {}
        environment = {**os.environ, **backend, "PYTHONPATH": str(site), "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([sys.executable, __file__, "--make", str(out)], env=environment, check=True)
        done.append(str(out))
    reader = ["node", "src/setup/launch.mjs", "run", "test/keras/read-zoo.ts", *done]
    subprocess.run(reader, cwd=ROOT, check=True)


if __name__ == "__main__":
    if sys.argv[1] == "--make":
        make(pathlib.Path(sys.argv[2]))
    else:
        main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:])

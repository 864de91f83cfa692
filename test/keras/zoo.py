"""Small networks, written anew by the versions of Keras that one names, each in an environment of its own, and read by us.

  python3 test/keras/zoo.py FOLDER [VERSION ...]      tf2.15.1, k3.12.0, …; default: those of versions.py
  python3 test/keras/zoo.py FOLDER k3.12.0=SITE       in SITE, a folder that has it, instead of one made here

Prints the tables of docs/keras-files.md and docs/keras-spellings.md. A version that cannot be installed here is left out and told
of. Not part of the tests: it takes some GB and minutes.
"""

import json
import pathlib
import sys

from spellings import spellings
from versions import VERSIONS, library, number_of, run_python, run_vitrine, save_old_weights, sites_of


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


def cases(keras):
    """By name: builder, shape of an input, optimiser, and whether it is to be refused; None where it may be."""
    rows = {name: (*row, name == "two inputs") for name, row in networks(keras).items()}
    odd = {name: (build, shape, None, refused) for name, ((build, shape), refused) in spellings(keras).items()}
    return {**rows, **odd}


def savers(keras, model):
    """By ending: the ways to save a model or its weights in this version."""
    whole = {ending: model.save for ending in (".keras", ".h5")}
    old = {".w.h5": lambda path: save_old_weights(keras, model, path)}
    return {**whole, **old, **({".weights.h5": model.save_weights} if number_of(keras) >= (2, 12) else {})}


def spread(weights, random):
    """Weights that are all different, and variances that stay above 0."""
    return [w + 0.1 * random.rand(*w.shape).astype("float32") if w.dtype.kind == "f" else w for w in weights]


def build_and_save(keras, folder, name, case):
    import numpy as np

    build, shape, optimizer, refused = case
    keras.backend.clear_session()
    model = build()
    random = np.random.RandomState(5)
    for layer in model.layers:
        # What a Normalization has adapted to stays: Keras computes with what it was when the layer was built.
        if type(layer).__name__ != "Normalization":
            layer.set_weights(spread(layer.get_weights(), random))
    x = random.rand(4, *(shape or (1,))).astype("float32")
    if optimizer:
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, np.arange(4), batch_size=4, epochs=2, verbose=0)
    y = predicted(model, x) if shape else x[:, :0]
    base = "".join(letter if letter.isalnum() else "-" for letter in name)
    files, unsaved = [], {}
    for ending, save in savers(keras, model).items():
        try:
            save(str(folder / (base + ending)))
            files.append(base + ending)
        except Exception as error:
            unsaved[ending] = told(error)
    record = {"name": name, "keras": keras.__version__, "files": files, "unsaved": unsaved, "compiled": bool(optimizer), "refused": refused}
    values = {"x": x.ravel().tolist(), "y": y.ravel().tolist()}
    (folder / (base + ".json")).write_text(json.dumps({**record, **values}))


def predicted(model, x):
    import numpy as np

    asked = None if type(model).__name__ == "Sequential" else model.input
    y = model.predict({name: x for name in asked} if isinstance(asked, dict) else x, verbose=0)
    (y,) = y.values() if isinstance(y, dict) else [y[0] if isinstance(y, list) else y]
    return np.asarray(y).astype("float32")


def told(error):
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}"


def make(folder, only):
    """In the environment of a version: files, and what it predicts."""
    keras = library()
    for name, case in cases(keras).items():
        if only and name not in only:
            continue
        try:
            build_and_save(keras, folder, name, case)
        except Exception as error:
            print(f"{keras.__version__}: {name}: {told(error)}", file=sys.stderr)


def main(folder, asked):
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for version, site in sites_of(folder, asked or VERSIONS).items():
        out = folder / version
        if not out.exists():
            out.mkdir()
            run_python(version, site, __file__, "--make", str(out))
        made.append(str(out))
    run_vitrine("test/keras/read-zoo.ts", *made)


if __name__ == "__main__":
    if sys.argv[1] == "--make":
        make(pathlib.Path(sys.argv[2]), sys.argv[3:])
    else:
        main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:])

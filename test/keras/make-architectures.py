# Writes down the backbones as real Keras builds them, and what its summary() prints of them, for test/models and test/report.
#   KERAS_BACKEND=jax python3 make-architectures.py OUT
# made with Keras 3.15.1 into test/fixtures/backbones, but for resnet50, mobilenetv2 and densenet121,
# which are of Keras 3.12.0 (it builds and prints the others just the same). The summaries of Keras 2.8 are laid out by the code of its
# keras/utils/layer_utils.py, from the same layers. Compressed without a time, so that the same content is the same file.
import gzip
import json
import os
import sys

import keras

APPLICATIONS = keras.applications
MODELS = {
    "vgg16": APPLICATIONS.VGG16,
    "vgg19": APPLICATIONS.VGG19,
    "resnet50": APPLICATIONS.ResNet50,
    "resnet50v2": APPLICATIONS.ResNet50V2,
    "resnet101v2": APPLICATIONS.ResNet101V2,
    "resnet152v2": APPLICATIONS.ResNet152V2,
    "mobilenetv2": APPLICATIONS.MobileNetV2,
    "densenet121": APPLICATIONS.DenseNet121,
}
VARIANTS = {
    "top_224": dict(input_shape=(224, 224, 3)),
    "notop_32": dict(input_shape=(32, 32, 3), include_top=False),
    "avg_48x32": dict(input_shape=(48, 32, 1), include_top=False, pooling="avg"),
    "max_32": dict(input_shape=(32, 32, 3), include_top=False, pooling="max"),
}
CONFIG = (
    "filters kernel_size strides padding activation use_bias units pool_size momentum epsilon center scale".split()
    + "max_value negative_slope threshold depth_multiplier".split()
)


def shown(value):
    return list(value) if isinstance(value, tuple) else value


def layers_of(model):
    """Name, class, output shape, parameters, inputs, and some of the configuration of every layer, in order."""
    rows = []
    for layer in model.layers:
        node = layer._inbound_nodes[0]
        inputs = [tensor._keras_history.operation.name for tensor in node.input_tensors]
        config = {key: shown(value) for key, value in layer.get_config().items() if key in CONFIG}
        if layer.__class__.__name__ == "ZeroPadding2D":
            config["padding"] = [list(side) for side in layer.padding]
        weights = [[f"{layer.name}/{w.name}", list(w.shape)] for w in layer.weights]
        shape = list(layer.output.shape[1:])
        rows.append([layer.name, layer.__class__.__name__, shape, layer.count_params(), inputs, config, weights])
    return rows


def keras3(model, columns):
    os.environ["COLUMNS"] = str(columns)
    text = []
    model.summary(print_fn=text.append)
    return "".join(text)


def keras2(model):
    rows = layers_of(model)
    graph = any(len(row[4]) > 1 for row in rows)
    width = 98 if graph else 65
    ends = [int(width * p) for p in ((0.33, 0.55, 0.67, 1.0) if graph else (0.45, 0.85, 1.0))]
    out = [f'Model: "{model.name}"', "_" * width]

    def row(fields):
        left = [str(f) for f in fields]
        while any(left):
            line = ""
            for c in range(len(left)):
                start = ends[c - 1] if c else 0
                space = 2 if c != len(ends) - 1 else 0
                cut = ends[c] - start - space
                fit = left[c][:cut]
                breaks = [fit.find(x) + len(x) for x in ("),", "},", "],", "',") if fit.find(x) >= 0]
                if breaks:
                    cut = min(breaks)
                    fit = fit[:cut]
                if c == 0:
                    line += " "
                line += fit + " " * space
                left[c] = left[c][cut:]
                line += " " * (ends[c] - len(line))
            out.append(line)

    def named(name):
        return "input_1" if name == "input_layer" else name

    row(["Layer (type)", "Output Shape", "Param #", "Connected to"][: len(ends)])
    out.append("=" * width)
    for name, kind, shape, params, inputs, *_ in rows:
        text = str((None, *shape))
        fields = [f"{named(name)} ({kind})", f"[{text}]" if kind == "InputLayer" else text, params]
        if graph:
            fields.append([f"{named(x)}[0][0]" for x in inputs])
        row(fields)
        out.append(" " * width)
    count = lambda weights: sum(w.numpy().size for w in weights)
    trained, still = count(model.trainable_weights), count(model.non_trainable_weights)
    out += ["=" * width, f"Total params: {trained + still:,}", f"Trainable params: {trained:,}"]
    out += [f"Non-trainable params: {still:,}", "_" * width]
    return "\n".join(out) + "\n"


def write(path, text):
    with open(path, "wb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))


def main(out):
    architectures = {}
    for name, build in MODELS.items():
        for variant, options in VARIANTS.items():
            keras.backend.clear_session()
            model = build(weights=None, **options)
            still = sum(w.numpy().size for w in model.non_trainable_weights)
            architectures[f"{name}_{variant}"] = dict(params=model.count_params(), still=int(still), layers=layers_of(model))
            if variant == "top_224":
                write(os.path.join(out, f"summary-keras2-{name}.txt.gz"), keras2(model))
                for columns in (80, 120):
                    text = keras3(model, columns)
                    write(os.path.join(out, f"summary-keras3-{name}-{columns}.txt.gz"), text)
    write(os.path.join(out, "architectures.json.gz"), json.dumps(architectures, separators=(",", ":")))


main(sys.argv[1])

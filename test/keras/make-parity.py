# Records what real Keras computes with the weights of seeded.py, for src/models/parity to be held against: 128 elements of
# every block's output, the mean, spread and largest magnitude of all of it, logits, and gradients of a fine-tuning step.
# Everything is Keras in float64, so that a difference is ours; how far Keras in float32 is from it is recorded beside it.
#   KERAS_BACKEND=jax JAX_ENABLE_X64=1 python3 make-parity.py OUT vgg19-32 vgg19-224 resnet152v2-32 resnet152v2-224
# made with Keras 3.15.1 and JAX 0.10 into test/fixtures/parity; resnet50, mobilenetv2 and densenet121 with Keras 3.12.0. `make-parity.py OUT --h5` writes the same weights as files
# of Keras, with and without top, 2.2 GB in all, for `npm run parity -- --h5 FILE`.
import json
import os
import sys
import time

import h5py
import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

import seeded

SAMPLES = 128
# Few, so that hardly a ReLU is so close to zero that rounding decides on which side.
GRADIENT_ROWS = 4
HEAD_CLASSES = 10
ROWS = {32: 64, 224: 1}
# Of the models that have less to show: what a block does, it does for every row.
FEW_ROWS = {32: 16, 224: 1}
MODELS = {
    "vgg19": dict(
        build=keras.applications.VGG19,
        blocks=lambda name: name.endswith("_pool") or name in ("fc1", "fc2", "predictions"),
        frozen_blocks=4,
        first_trained="block5_conv1",
        gradients=["block5_conv1/kernel", "block5_conv4/kernel", "block5_conv4/bias", "head/kernel"],
    ),
    "resnet152v2": dict(
        build=keras.applications.ResNet152V2,
        blocks=lambda name: name.endswith("_out")
        or name in ("pool1_pool", "post_relu", "avg_pool", "predictions"),
        frozen_blocks=48,
        first_trained="conv5_block2_preact_bn",
        gradients=[
            "conv5_block2_preact_bn/gamma",
            "conv5_block2_2_conv/kernel",
            "conv5_block2_3_conv/kernel",
            "conv5_block3_1_conv/kernel",
            "conv5_block3_1_bn/beta",
            "conv5_block3_3_conv/bias",
            "post_bn/gamma",
            "head/kernel",
        ],
    ),
    "resnet50": dict(
        build=keras.applications.ResNet50,
        rows=FEW_ROWS,
        blocks=lambda name: name.endswith("_out") or name in ("pool1_pool", "avg_pool", "predictions"),
        frozen_blocks=15,
        first_trained="conv5_block2_1_conv",
        gradients=[
            "conv5_block2_1_conv/kernel",
            "conv5_block2_2_bn/gamma",
            "conv5_block3_2_conv/kernel",
            "conv5_block3_3_conv/bias",
            "conv5_block3_3_bn/beta",
            "head/kernel",
        ],
    ),
    "mobilenetv2": dict(
        build=keras.applications.MobileNetV2,
        rows=FEW_ROWS,
        blocks=lambda name: name.endswith(("_project_BN", "_add"))
        or name in ("Conv1_relu", "out_relu", "predictions"),
        frozen_blocks=14,
        first_trained="block_13_expand",
        gradients=[
            "block_13_expand/kernel",
            "block_13_depthwise/kernel",
            "block_14_depthwise/kernel",
            "block_14_depthwise_BN/gamma",
            "block_15_project/kernel",
            "block_16_project_BN/beta",
            "Conv_1/kernel",
            "head/kernel",
        ],
    ),
    "densenet121": dict(
        build=keras.applications.DenseNet121,
        rows=FEW_ROWS,
        blocks=lambda name: name.endswith(("_concat", "_pool")) or name in ("pool1", "relu", "predictions"),
        frozen_blocks=60,
        first_trained="conv5_block15_0_bn",
        gradients=[
            "conv5_block15_0_bn/gamma",
            "conv5_block15_1_conv/kernel",
            "conv5_block15_2_conv/kernel",
            "conv5_block16_1_bn/beta",
            "conv5_block16_2_conv/kernel",
            "bn/gamma",
            "head/kernel",
        ],
    ),
}


def rows_of(model, side):
    return MODELS[model].get("rows", ROWS)[side]


def built(model, side, precision, **options):
    keras.backend.clear_session()
    keras.config.set_floatx(precision)
    keras.config.set_dtype_policy(precision)
    made = MODELS[model]["build"](weights=None, input_shape=(side, side, 3), **options)
    set_weights(made)
    return made


def set_weights(model):
    for layer in model.layers:
        layer.set_weights([seeded.weight(f"{layer.name}/{w.name}", w.shape) for w in layer.weights])


def values_of(variables):
    return [variable.value for variable in variables]


def run(model, inputs):
    def forward(trainable, still, x):
        return model.stateless_call(trainable, still, x, training=False)[0]

    inputs = jnp.asarray(inputs, keras.config.floatx())
    return jax.jit(forward)(values_of(model.trainable_variables), values_of(model.non_trainable_variables), inputs)


def activations(model, side, precision):
    """By layer, float64 arrays of the outputs of its blocks; of the classifier, the logits."""
    base = built(model, side, precision, classifier_activation=None)
    names = [layer.name for layer in base.layers if MODELS[model]["blocks"](layer.name)]
    inner = keras.Model(base.input, [base.get_layer(name).output for name in names])
    outputs = run(inner, seeded.images(rows_of(model, side), side))
    return {name: np.asarray(y, np.float64) for name, y in zip(names, outputs)}


def gradients(model, side, precision):
    """The loss of a step that trains the last block and a new head, and its gradients."""
    base = built(model, side, precision, include_top=False, pooling="avg")
    features = base(base.input)
    y = keras.layers.Dense(HEAD_CLASSES, name="head")(features)
    whole = keras.Model(base.input, y)
    head = whole.get_layer("head")
    head.set_weights([seeded.weight(f"head/{w.name}", w.shape) for w in head.weights])
    trained = False
    for layer in base.layers:
        trained = trained or layer.name == MODELS[model]["first_trained"]
        layer.trainable = trained
    x = jnp.asarray(seeded.images(GRADIENT_ROWS, side), precision)
    labels = seeded.labels(GRADIENT_ROWS, HEAD_CLASSES)

    def loss(trainable, still):
        # A functional model of Keras 3.15 hands its own training=True on to a base that was called with training=False,
        # and its batch normalisation would use the batch. There is no dropout here, so False is what the caller meant.
        logits = whole.stateless_call(trainable, still, x, training=False)[0]
        return jnp.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))

    variables = whole.trainable_variables
    value, found = jax.jit(jax.value_and_grad(loss))(
        values_of(variables), values_of(whole.non_trainable_variables)
    )
    # Paths of nested models begin with the model's name; the layer's own is the last but one.
    by_name = {"/".join(v.path.split("/")[-2:]): np.asarray(g, np.float64) for v, g in zip(variables, found)}
    return float(value), {name: by_name[name] for name in MODELS[model]["gradients"]}


def recorded(kind, exact, single):
    """A sample and statistics of each array, with the error of Keras's float32."""
    tensors = {}
    for name, y in exact.items():
        at = seeded.places(name, SAMPLES, y.size)
        largest = np.abs(y).max()
        error = np.abs(single[name] - y).max() / largest
        tensors[f"{kind}/{name}/sample"] = y.reshape(-1)[at]
        tensors[f"{kind}/{name}/stats"] = np.array([y.mean(), y.std(), largest, error])
        print(f"  {kind} {name:28} mean {y.mean():10.3g} std {y.std():10.3g} largest {largest:10.3g} float32 {error:.1e}", flush=True)
    return tensors


def record(model, side):
    exact, single = (activations(model, side, precision) for precision in ("float64", "float32"))
    tensors = recorded("layer", exact, single)
    ordered = np.sort(exact["predictions"], axis=1)
    tensors["logits/argmax"] = np.argmax(exact["predictions"], axis=1).astype(np.int32)
    tensors["logits/margin"] = ordered[:, -1] - ordered[:, -2]
    agree = np.mean(np.argmax(single["predictions"], axis=1) == tensors["logits/argmax"])
    print(f"  {len(set(tensors['logits/argmax']))} classes won, closest by {tensors['logits/margin'].min():.2e}, float32 agrees {agree:.3f}")
    notes = dict(model=model, input_size=side, rows=rows_of(model, side), keras=keras.__version__, jax=jax.__version__)
    if side == 32:
        (loss, exact), (_, single) = (gradients(model, side, p) for p in ("float64", "float32"))
        tensors |= recorded("gradient", exact, single) | {"gradients/loss": np.array([loss])}
        notes |= dict(
            gradient_rows=GRADIENT_ROWS, head_classes=HEAD_CLASSES, frozen_blocks=MODELS[model]["frozen_blocks"]
        )
    return tensors, {key: str(value) for key, value in notes.items()}


def write_safetensors(path, tensors, notes):
    """Wider elements first, in the order given: https://github.com/huggingface/safetensors#format"""
    ordered = sorted(tensors.items(), key=lambda item: -item[1].itemsize)
    header, offset = {"__metadata__": notes}, 0
    for name, array in ordered:
        dtype = {"float64": "F64", "int32": "I32"}[str(array.dtype)]
        header[name] = dict(dtype=dtype, shape=array.shape, data_offsets=[offset, offset + array.nbytes])
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, array in ordered:
            file.write(array.astype(array.dtype.newbyteorder("<")).tobytes())


def write_h5(folder, model, side, **options):
    made = built(model, side, "float32", **options)
    stem = os.path.join(folder, model + ("" if options.get("include_top", True) else "-notop"))
    made.save_weights(f"{stem}.weights.h5")
    with h5py.File(f"{stem}.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, made)
    print(f"wrote {stem}.weights.h5 and {stem}.h5", flush=True)


def main(arguments):
    out = arguments.pop(0)
    if "--h5" in arguments:
        arguments.remove("--h5")
        for model in MODELS:
            write_h5(out, model, 224)
            write_h5(out, model, 32, include_top=False)
    for name in arguments:
        model, side = name.split("-")
        start = time.time()
        tensors, notes = record(model, int(side))
        write_safetensors(os.path.join(out, f"{name}.safetensors"), tensors, notes)
        print(f"{name}: {time.time() - start:.0f} s", flush=True)


main(sys.argv[1:])

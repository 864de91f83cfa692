"""Networks for zoo.py whose layers, names and options are spelled in less usual ways. Each is to be read right, or refused by the
name of the layer: `refused` tells which. What a version cannot build is left out of its column."""


def spellings(keras):
    """By name: a function that builds the network, the shape of an input, and whether we are to refuse it."""
    L = keras.layers

    def ends(x, name="out"):
        return L.Dense(5, activation="softmax", name=name)(L.Flatten(name=name + "_flat")(x))

    def around(build, shape=(8, 8, 3)):
        """A functional model of what `build` makes of a convolution."""

        def made():
            image = keras.Input(shape, name="image")
            return keras.Model(image, ends(build(L.Conv2D(4, 3, padding="same", name="first")(image))))

        return made, shape

    def chain(*layers, **given):
        shape = given.get("shape", (8, 8, 3))

        def made():
            made_layers = [layer() for layer in layers]
            return keras.Sequential([keras.Input(shape), *made_layers, L.Flatten(), L.Dense(5, activation="softmax")])

        return made, shape

    def functional(name, build, shape=(8, 8, 4)):
        image = keras.Input(shape, name=name + "_input")
        return keras.Model(image, build(image), name=name)

    def nested_thrice():
        def inner(x):
            return L.BatchNormalization(name="bn")(L.Conv2D(4, 3, padding="same", name="deep")(x))

        def middle(x):
            return L.Conv2D(4, 1, name="middle_conv")(functional("inner", inner)(x))

        def outer(x):
            return L.Dense(4, name="outer_dense")(functional("middle", middle)(x))

        return functional("outer", outer)

    def twins(x):
        """Two models of one function, whose layers have the same names."""
        def block(name):
            return functional(name, lambda y: L.Conv2D(4, 3, padding="same", name="conv")(y))

        return L.Add(name="sum")([block("left")(x), block("right")(x)])

    def shared_under_two_names(x):
        shared = functional("shared", lambda y: L.Conv2D(4, 3, padding="same", name="shared_conv")(y))
        one = functional("one", lambda y: L.ReLU(name="one_relu")(shared(y)))
        return L.Add(name="sum")([one(x), shared(x)])

    def sandwich():
        inner = keras.Sequential([keras.Input((8, 8, 4)), L.Conv2D(4, 3, padding="same"), L.BatchNormalization()], name="inner")
        middle = functional("middle", lambda x: L.Add(name="sum")([x, inner(x)]))
        return keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(4, 1), middle, L.Flatten(), L.Dense(5, activation="softmax")])

    def shifted():
        for _ in range(3):
            keras.Sequential([L.Conv2D(2, 3, input_shape=(8, 8, 3)), L.BatchNormalization(), L.Dense(2), L.Dense(2)])
        return keras.Sequential(
            [keras.Input((8, 8, 3)), L.Conv2D(4, 3), L.Conv2D(4, 3), L.BatchNormalization(), L.Flatten(), L.Dense(4), L.Dense(5, activation="softmax")]
        )

    def ten_and_more():
        layers = [L.Conv2D(3, 3, padding="same", activation="tanh") for _ in range(12)]
        return keras.Sequential([keras.Input((8, 8, 3)), *layers, L.Flatten(), L.Dense(5, activation="softmax")])

    def named(*names):
        def made():
            image = keras.Input((8, 8, 3), name="image")
            x = image
            for name in names:
                x = L.Conv2D(4, 3, padding="same", activation="tanh", name=name)(x)
            return keras.Model(image, ends(x))

        return made, (8, 8, 3)

    def unbuilt():
        model = keras.Sequential([L.Conv2D(4, 3), L.Flatten(), L.Dense(5, activation="softmax")])
        model.build((None, 8, 8, 3))
        return model

    def fixed_batch():
        image = keras.Input(batch_shape=(4, 8, 8, 3), name="image")
        return keras.Model(image, ends(L.Conv2D(4, 3, name="conv")(image)))

    def by_dict():
        image = keras.Input((8, 8, 3), name="image")
        return keras.Model({"image": image}, {"out": ends(L.Conv2D(4, 3, name="conv")(image))})

    def by_list():
        image = keras.Input((8, 8, 3), name="image")
        return keras.Model([image], [ends(L.Conv2D(4, 3, name="conv")(image))])

    def by_keyword(x):
        return L.Conv2D(4, 3, name="second")(inputs=x)

    def in_list(x):
        return functional("inner", lambda y: L.Conv2D(4, 3, name="inner_conv")(y))([x])

    def twice_the_same(x):
        return L.Multiply(name="square")([x, x])

    def both_modes(x):
        inner = functional("inner", lambda y: L.BatchNormalization(name="bn")(L.Conv2D(4, 3, padding="same", name="conv")(y)))
        return L.Add(name="sum")([inner(x), inner(x, training=False)])

    def inside_first():
        """A layer that leads to the output past a model that stands before it in the list."""
        image = keras.Input((8, 8, 3), name="image")
        x = L.Conv2D(4, 3, padding="same", name="z")(image)
        y = functional("a", lambda t: L.Dense(4, name="a_dense")(t))(x)
        return keras.Model(image, ends(L.Concatenate(name="m")([L.Conv2D(4, 1, name="b")(x), y, x])))

    def cut():
        image = keras.Input((8, 8, 3), name="image")
        x = L.Conv2D(4, 3, name="one")(image)
        y = L.Conv2D(4, 3, name="two")(x)
        whole = keras.Model(image, L.Conv2D(2, 3, name="three")(y))
        return keras.Model(whole.get_layer("one").output, ends(whole.get_layer("two").output))

    def adapted():
        import numpy as np

        layer = L.Normalization()
        layer.adapt(np.random.RandomState(3).rand(16, 8, 8, 3).astype("float32"))
        return keras.Sequential([keras.Input((8, 8, 3)), layer, L.Conv2D(4, 3), L.Flatten(), L.Dense(5, activation="softmax")])

    def with_lora():
        image = keras.Input((8, 8, 3), name="image")
        dense = L.Dense(5, activation="softmax", name="out")
        model = keras.Model(image, dense(L.Flatten(name="flat")(image)))
        dense.enable_lora(2)
        return model

    def quantised():
        image = keras.Input((8, 8, 3), name="image")
        model = keras.Model(image, L.Dense(5, activation="softmax", name="out")(L.Flatten(name="flat")(image)))
        model.quantize("int8")
        return model

    def stacked():
        inner = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(4, 3)], name="a")
        second = keras.Sequential([keras.Input((6, 6, 4)), L.Conv2D(3, 3)], name="b")
        model = keras.Sequential([inner, second, L.Flatten(), L.Dense(5, activation="softmax")])
        model.build((None, 8, 8, 3))
        return model

    conv = lambda **given: around(lambda x: L.Conv2D(4, 3, name="odd", **given)(x))
    norm = lambda **given: around(lambda x: L.BatchNormalization(name="odd", **given)(x))
    on = lambda layer, **given: around(lambda x: layer(name="odd", **given)(x))

    ok, no = False, True
    rows = {
        "nested thrice": ((lambda: keras.Sequential([keras.Input((8, 8, 4)), nested_thrice(), L.Flatten(), L.Dense(5, activation="softmax")]), (8, 8, 4)), ok),
        "nested thrice, functional": (around(lambda x: nested_thrice()(x)), ok),
        "twins": (around(twins), ok),
        "shared, within another too": (around(shared_under_two_names), None),
        "chain, graph, chain": ((sandwich, (8, 8, 3)), ok),
        "chains in a chain": ((stacked, (8, 8, 3)), ok),
        "shifted default names": ((shifted, (8, 8, 3)), ok),
        "more than ten of a class": ((ten_and_more, (8, 8, 3)), ok),
        "names of classes": (named("dense", "conv2d_1", "conv2d", "batch_normalization", "flatten"), ok),
        "names of groups": (named("layers", "vars", "model_weights", "optimizer", "metrics"), ok),
        "names of objects": (named("constructor", "toString", "input"), ok),
        "name of a prototype": (named("__proto__"), ok),
        "names of Greek and of blanks": (named("größe", "α β", "层", "a.b-c", "0"), ok),
        "names with slashes": (named("a/b", "a", "a/c"), ok),
        "built without an input": ((unbuilt, (8, 8, 3)), ok),
        "batch of a fixed size": ((fixed_batch, (8, 8, 3)), ok),
        "input by name": ((by_dict, (8, 8, 3)), ok),
        "input in a list": ((by_list, (8, 8, 3)), ok),
        "layer called by keyword": (around(by_keyword), ok),
        "model called with a list": (around(in_list), ok),
        "the same tensor twice": (around(twice_the_same), ok),
        "model called in both modes": (around(both_modes), ok),
        "ways past a model": ((inside_first, (8, 8, 3)), ok),
        "cut out of another": ((cut, (6, 6, 4)), None),
        "training=True": (around(lambda x: L.Dropout(0.5, name="odd")(x, training=True)), None),
        "normalisation with training=True": (around(lambda x: L.BatchNormalization(name="odd")(x, training=True)), None),
        "training=False": (around(lambda x: L.Dropout(0.5, name="odd")(x, training=False)), ok),
        "ReLU variants": (chain(lambda: L.ReLU(6), lambda: L.ReLU(negative_slope=0.1), lambda: L.ReLU(threshold=0.2), lambda: L.LeakyReLU(0.2)), ok),
        "activation that is a layer": (conv(activation=L.LeakyReLU(0.1)), None),
        "activation of one's own": (on(L.Activation, activation=lambda x: -x), no),
        "activation by an object": (conv(activation=keras.activations.relu), ok),
        "softmax of channels": (on(L.Softmax, axis=3), None),
        "softmax of rows": (on(L.Softmax, axis=1), no),
        "pooling with keepdims": (around(lambda x: L.GlobalAveragePooling2D(keepdims=True, name="odd")(x)), None),
        "channels first": (around(lambda x: L.AveragePooling2D(2, data_format="channels_first", name="odd")(x)), no),
        "causal": (chain(lambda: L.Reshape((64, 3)), lambda: L.Conv1D(2, 3, padding="causal", name="odd")), no),
        "axis in a list": (norm(axis=[3]), ok),
        "axis that is not the last": (norm(axis=1), no),
        "renorm": (norm(renorm=True), no),
        "synchronized": (norm(synchronized=True), None),
        "no scale, no centre": (norm(scale=False, center=False), ok),
        "layer norm of two axes": (around(lambda x: L.LayerNormalization(axis=[2, 3], name="odd")(x)), no),
        "layer norm without centre": (on(L.LayerNormalization, center=False), None),
        "dense on images": (chain(lambda: L.Dense(4, activation="relu"), lambda: L.Dense(3)), ok),
        "dense on vectors": (chain(lambda: L.Dense(4), lambda: L.BatchNormalization(), lambda: L.Dropout(0.5), shape=(7,)), ok),
        "TimeDistributed": (around(lambda x: L.TimeDistributed(L.Dense(3), name="odd")(x)), no),
        "Rescaling by lists": (chain(lambda: L.Rescaling([0.1, 0.2, 0.3], [1.0, 2.0, 3.0])), ok),
        "Normalization given": (chain(lambda: L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])), ok),
        "Normalization adapted": ((adapted, (8, 8, 3)), ok),
        "Normalization of all": (chain(lambda: L.Normalization(axis=None, mean=0.3, variance=2.0)), None),
        "Resizing": (chain(lambda: L.Resizing(5, 7), lambda: L.Resizing(9, 4, interpolation="nearest")), ok),
        "Resizing that crops": (chain(lambda: L.Resizing(5, 7, crop_to_aspect_ratio=True, name="odd")), no),
        "Resizing, bicubic": (chain(lambda: L.Resizing(5, 7, interpolation="bicubic", name="odd")), None),
        "UpSampling, bilinear": (chain(lambda: L.UpSampling2D((2, 3), interpolation="bilinear")), ok),
        "UpSampling, bicubic": (chain(lambda: L.UpSampling2D(2, interpolation="bicubic", name="odd")), None),
        "output_padding": (around(lambda x: L.Conv2DTranspose(3, 3, strides=2, output_padding=1, name="odd")(x)), no),
        "transposed, dilated": (around(lambda x: L.Conv2DTranspose(3, 3, dilation_rate=2, name="odd")(x)), no),
        "groups": (conv(groups=2), ok),
        "depth multiplier": (on(L.DepthwiseConv2D, kernel_size=3, depth_multiplier=3, strides=2), ok),
        "separable": (on(L.SeparableConv2D, filters=6, kernel_size=(3, 2), depth_multiplier=2, padding="same"), ok),
        "float16 in a layer": (conv(dtype="float16"), None),
        "mixed in a layer": (conv(dtype="mixed_float16"), None),
        "float64 in a layer": (conv(dtype="float64"), None),
        "LoRA": ((with_lora, (8, 8, 3)), None),
        "quantised": ((quantised, (8, 8, 3)), no),
        "identity": (on(getattr(L, "Identity", None)), None),
        "zero padding by pairs": (around(lambda x: L.ZeroPadding2D(((1, 2), (0, 3)), name="odd")(x)), ok),
        "spatial dropout": (on(L.SpatialDropout2D, rate=0.3), ok),
        "noise": (chain(lambda: L.GaussianNoise(0.3), lambda: L.GaussianDropout(0.3), lambda: L.AlphaDropout(0.3)), ok),
        "random layers": (chain(lambda: L.RandomZoom(0.2), lambda: L.RandomTranslation(0.1, 0.1), lambda: L.RandomContrast(0.2), lambda: L.RandomBrightness(0.2)), ok),
        "random crop": (chain(lambda: L.RandomCrop(6, 6, name="odd")), no),
        "merging over extents of 1": (around(lambda x: L.Add(name="odd")([x, L.MaxPooling2D(8, name="pool")(x)])), ok),
        "concatenation of rows": (around(lambda x: L.Concatenate(axis=1, name="odd")([x, x])), ok),
        "dot": (around(lambda x: L.Dot(axes=3, name="odd")([x, x])), no),
        "permuted": (around(lambda x: L.Permute((3, 1, 2), name="odd")(x)), ok),
        "constraint": (conv(kernel_constraint=keras.constraints.MaxNorm(2.0)), ok),
        "L2 of a bias": (conv(bias_regularizer="l2", activity_regularizer="l1"), ok),
    }
    return rows

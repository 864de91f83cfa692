# Weights, images and labels from a hash: the Python twin of src/models/parity/seeded.ts, bit for bit. Arithmetic in float64,
# rounded once to float32 where both sides store it.
import numpy as np

CHUNK = 1 << 22


def key_of(name):
    """FNV-1a, 32 bits."""
    key = 0x811C9DC5
    for byte in name.encode("ascii"):
        key = ((key ^ byte) * 0x01000193) & 0xFFFFFFFF
    return np.uint32(key)


def mix(x):
    """lowbias32 (Wellons, hash-prospector), of an array of uint32."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def words(name, start, end):
    """Words start to end of the stream of that name."""
    return mix(mix(np.arange(start, end, dtype=np.uint32)) ^ key_of(name))


def signed(name, start, end):
    """The same as multiples of 2^-23 in [-1, 1)."""
    return (words(name, start, end) >> np.uint32(8)).astype(np.float64) * 2.0**-23 - 1


def spread_of(name, shape):
    """Centre and half the width of the uniform distribution that a variable is drawn from."""
    layer, variable = name.split("/")
    if variable == "kernel":
        # What a channel convolved by itself sees is its window alone.
        inputs = np.prod(shape[:2] if layer.endswith("depthwise") else shape[:-1])
        return 0, np.sqrt(3 * gain_of(layer) / inputs)
    return {
        "bias": (0, 0.1),
        "gamma": (1, 0.3),
        "beta": (0, 0.3),
        "moving_mean": (0, 0.3),
        "moving_variance": (1, 0.5),
    }[variable]


def gain_of(layer):
    if layer in ("predictions", "head"):
        return 1
    if layer.endswith("_project"):
        return 0.5
    return 0.15 if layer.endswith("_3_conv") else 2.75


def weight(name, shape):
    centre, half = spread_of(name, shape)
    size = int(np.prod(shape))
    values = np.empty(size, np.float32)
    for start in range(0, size, CHUNK):
        end = min(size, start + CHUNK)
        values[start:end] = centre + half * signed(name, start, end)
    if name.endswith("/kernel"):
        rows = values.reshape(-1, shape[-1])
        for odd in (1, 3, 5):
            second = rows[odd::8]
            second[:] = -rows[odd - 1 :: 8][: len(second)]
    return values.reshape(shape)


def images(count, side):
    """Eight by eight patches of one colour with noise on them, (count, side, side, 3)."""
    cells = np.arange(side) * 8 // side
    made = []
    for n in range(count):
        patches = signed(f"image{n}/patches", 0, 8 * 8 * 3).reshape(8, 8, 3)
        noise = signed(f"image{n}/noise", 0, side * side * 3).reshape(side, side, 3)
        made.append(1.5 * patches[cells][:, cells] + 0.5 * noise)
    return np.stack(made).astype(np.float32)


def labels(count, classes):
    return (words("labels", 0, count) % np.uint32(classes)).astype(np.int32)


def places(name, count, size):
    """Where an array of `size` elements is looked at."""
    return np.floor(words(f"places/{name}", 0, count) / 2.0**32 * size).astype(np.int64)

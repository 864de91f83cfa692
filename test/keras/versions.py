"""Versions of Keras, each installed by pip into a folder of its own and run by a Python that it knows: tf2.15.1, k3.12.0, …"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSIONS = ["tf1.15.5", "tf2.8.4", "tf2.12.1", "tf2.13.1", "tf2.14.1", "tf2.15.1", "k3.0.5", "k3.15.1"]
OLDER = {"tf1.": "3.7", "tf2.8.": "3.10"}
"""Pythons that old versions need; the others take the one that runs this, from 3.9 to 3.11."""
PACKAGES = {
    "tf1.": ["tensorflow=={}", "protobuf<3.21", "h5py<3", "numpy<1.20"],
    "tf2.8.": ["tensorflow-cpu=={}", "protobuf<3.20", "numpy<2"],
    "tf": ["tensorflow-cpu=={}"],
    "k3.0.": ["keras=={}", "jax==0.4.30", "jaxlib==0.4.30", "numpy<2", "scipy<1.14"],
    "k": ["keras=={}", "jax"],
}


def is_new(version):
    return version.startswith("k")


def python_of(version):
    """The interpreter; None where this machine has none."""
    wanted = next((number for start, number in OLDER.items() if version.startswith(start)), None)
    if wanted is None or f"{sys.version_info[0]}.{sys.version_info[1]}" == wanted:
        return sys.executable
    root = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    installed = sorted(root.glob(f"versions/{wanted}.*/bin/python"))
    return str(installed[-1]) if installed else shutil.which(f"python{wanted}")


def site_of(folder, version):
    """A folder with that version alone; None where it cannot be had here."""
    site, python = folder / "sites" / version, python_of(version)
    if python is None:
        return None
    done = site.with_name(version + ".ok")
    if not done.exists():
        packages = next(packages for start, packages in PACKAGES.items() if version.startswith(start))
        named = [package.format(version.lstrip("tfk")) for package in packages]
        pip = [python, "-m", "pip", "install", "--quiet", "--target", str(site), *named]
        if subprocess.run(pip).returncode != 0:
            return None
        done.touch()
    return site


def sites_of(folder, asked):
    """Of those that can be had; `k3.12.0=SITE` names a folder that has it."""
    sites = {}
    for version, _, given in (one.partition("=") for one in asked):
        site = given or site_of(folder, version)
        if site is None:
            print(f"{version}: cannot be installed here", file=sys.stderr)
        else:
            sites[version] = site
    return sites


def run_python(version, site, *given):
    """In the environment of the version."""
    backend = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"} if is_new(version) else {}
    environment = {**os.environ, **backend, "PYTHONPATH": str(site), "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([python_of(version), *given], env=environment, check=True)


def run_vitrine(script, *given):
    subprocess.run(["node", "src/setup/launch.mjs", "run", script, *given], cwd=str(ROOT), check=True)


def library():
    """Keras itself, which TensorFlow 1 has only within it."""
    try:
        import keras
    except ImportError:
        from tensorflow import keras
    return keras


def number_of(keras):
    return tuple(int(part) for part in keras.__version__.split("-")[0].split(".")[:2])


def save_old_weights(keras, model, path):
    """`save_weights` to an `.h5` as Keras 2 did it, of which Keras 3 has kept the writer."""
    if number_of(keras) < (3, 0):
        model.save_weights(str(path))
        return
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(str(path), "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)

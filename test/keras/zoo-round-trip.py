"""Small networks that go from Vitrine to each version of Keras and back: what is predicted, every bit of the weights, and what the
next ten steps of a training lose.

  python3 test/keras/zoo-round-trip.py FOLDER [VERSION ...]    as zoo.py takes them

Vitrine reads the networks of test/fixtures/zoo and of zoo.py and writes them in six spellings (zoo-round-trip.ts); those that
train without chance it also trains for five steps, writes with what the optimiser came to, and goes on (zoo-continued.ts). Each
Keras loads what is for it, predicts, saves it as it spells it, and trains on; Vitrine reads that again. The tables that are printed
stand in docs/keras-files.md. Not part of the tests: it takes some GB and many minutes.
"""

import json
import pathlib
import sys

from versions import ROOT, VERSIONS, library, number_of, run_python, run_vitrine, save_old_weights, sites_of

TOLERANCE = 2e-5
"""Of the largest prediction. Where the network that was read computes in float16, it is what differs from float32."""
HALF = 2e-3
LOSSES = 1e-4


def whole_endings(number):
    """Of our files, those that are for a version."""
    if number >= (3, 0):
        return [".keras", ".h5"]
    return [*([".2.keras"] if number >= (2, 12) else []), ".2.h5", ".h5"]


def weight_endings(number):
    return [".w.h5", *([".weights.h5"] if number >= (2, 15) else [])]


def told(error):
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}"


def difference(model, case):
    import numpy as np

    x = np.float32(case["x"]).reshape(-1, *model.input_shape[1:])
    y = np.float32(case["y"])
    return float(np.abs(np.asarray(model.predict(x, verbose=0)).ravel() - y).max() / np.abs(y).max())


class Passing:
    """In the environment of a version: loads our files, predicts, saves them again, and trains on."""

    def __init__(self, folder, version):
        self.keras = library()
        self.number = number_of(self.keras)
        self.folder, self.out = folder, folder / version
        self.found = {}

    def attempt(self, file, act):
        try:
            self.found[file] = act(str(self.folder / "ours" / file))
        except Exception as error:
            self.found[file] = {"error": told(error)}

    def whole(self, case, ending):
        def act(path):
            self.keras.backend.clear_session()
            model = self.keras.models.load_model(path, compile=False)
            result = {"difference": difference(model, case)}
            try:
                model.save(str(self.out / (case["base"] + ending + ".again" + pathlib.Path(path).suffix)))
            except Exception as error:
                result["unsaved"] = told(error)
            return result

        self.attempt(case["base"] + ending, act)

    def weights(self, case, ending):
        """Into the model of a whole file, whose own weights are made 0 before."""

        def act(path):
            self.keras.backend.clear_session()
            model = self.keras.models.load_model(str(self.folder / "ours" / (case["base"] + whole_endings(self.number)[-1])), compile=False)
            model.set_weights([0 * weight for weight in model.get_weights()])
            model.load_weights(path)
            result = {"difference": difference(model, case)}
            again = self.out / (case["base"] + ending + ".again" + ending)
            save_old_weights(self.keras, model, again) if ending == ".w.h5" else model.save_weights(str(again))
            return result

        self.attempt(case["base"] + ending, act)

    def training(self, case, ending):
        import numpy as np

        def act(path):
            self.keras.backend.clear_session()
            model = self.keras.models.load_model(path)
            x = np.float32(case["images"]).reshape(-1, *model.input_shape[1:]) / 255
            history = model.fit(x, np.array(case["labels"]), batch_size=len(x), epochs=10, shuffle=False, verbose=0)
            return {"losses": [float(loss) for loss in history.history["loss"]]}

        self.attempt(case["base"] + ".fit" + ending, act)

    def run(self):
        for case in json.loads((self.folder / "cases.json").read_text()):
            endings = [(self.whole, one) for one in whole_endings(self.number)]
            # Weights need a model to go into.
            is_whole = whole_endings(self.number)[-1] not in case["refused"]
            weights = [(self.weights, one) for one in weight_endings(self.number) if is_whole]
            for passed, ending in endings + weights:
                if ending not in case["refused"]:
                    passed(case, ending)
        for case in json.loads((self.folder / "continued.json").read_text()):
            # Optimisers before 2.11 are others, which an .h5 for both begins anew with.
            endings = whole_endings(self.number) if self.number >= (2, 11) else [".h5"]
            for ending in endings:
                if ending in case["losses"]:
                    self.training(case, ending)
        (self.folder / (self.out.name + ".json")).write_text(json.dumps(self.found))


def short(number):
    return f"{number:.0e}".replace("e-0", "e-") if number > 0 else "0"


def cell(case, passed, again):
    """The largest difference of all spellings, where all weights came back; else how many went wrong, and what."""
    wrong, largest = [], 0
    files = [file for file in passed if file.rsplit(".fit", 1)[0] == file and file.split(".")[0] == case["base"]]
    for file in files:
        result = passed[file]
        bits = {verdict for name, verdict in again.items() if name.startswith(f"{file}.again")}
        largest = max(largest, result.get("difference", 0))
        if "error" in result:
            wrong.append(f"{file}: {result['error']}")
        elif not result["difference"] <= (HALF if case["name"].startswith(("float16", "mixed")) else TOLERANCE):
            wrong.append(f"{file}: differs by {result['difference']:.0e}")
        elif bits != {"bit for bit"} and "unsaved" not in result:
            wrong.append(f"{file}: {', '.join(bits) or 'not saved'}")
    text = short(largest) if files else "—"
    return (f"{len(wrong)} of {len(files)} fail" if wrong else text), wrong


def continued_cell(case, passed):
    wrong, largest, seen = [], 0, 0
    for ending, ours in case["losses"].items():
        result = passed.get(case["base"] + ".fit" + ending)
        if result is None:
            continue
        seen += 1
        theirs = result.get("losses", [])
        off = max([abs(a - b) for a, b in zip(ours, theirs)], default=float("nan"))
        largest = max(largest, off)
        if "error" in result:
            wrong.append(f"{case['base']}.fit{ending}: {result['error']}")
        elif len(theirs) != len(ours) or not off <= LOSSES:
            wrong.append(f"{case['base']}.fit{ending} ({case['optimizer']}): losses differ by {off:.0e}")
    text = short(largest) if seen else "—"
    return (f"{len(wrong)} of {seen} fail" if wrong else text), wrong


def table(head, cases, versions, cell_of):
    print(f"| {head} | {' | '.join(versions)} |\n| --- |{' --- |' * len(versions)}")
    notes = []
    for case in sorted(cases, key=lambda case: case["name"]):
        cells = []
        for version in versions:
            text, wrong = cell_of(case, version)
            notes += [f"{version}: {note}" for note in wrong]
            cells.append(text)
        print(f"| {case['name']} | {' | '.join(cells)} |")
        notes += [f"{case['base']}{ending}: not written: {why}" for ending, why in case.get("refused", {}).items()]
    print()
    for note in notes:
        print(f"- {note}")
    print()


def tables(folder, versions):
    load = lambda name: json.loads((folder / name).read_text())
    again = load("read.json")
    passed = {version: load(f"{version}.json") for version in versions}
    table("Network", load("cases.json"), versions, lambda case, version: cell(case, passed[version], again[version]))
    table("Training", load("continued.json"), versions, lambda case, version: continued_cell(case, passed[version]))


def main(folder, asked):
    folder.mkdir(parents=True, exist_ok=True)
    sites = sites_of(folder, asked or VERSIONS)
    made, last = folder / "made", list(sites)[-1]
    if not made.exists():
        made.mkdir()
        run_python(last, sites[last], str(ROOT / "test/keras/zoo.py"), "--make", str(made))
    run_vitrine("test/keras/zoo-round-trip.ts", "write", str(folder), str(made))
    run_vitrine("test/keras/zoo-continued.ts", str(folder), str(made))
    for version, site in sites.items():
        (folder / version).mkdir(exist_ok=True)
        run_python(version, site, __file__, "--pass-on", str(folder), version)
    run_vitrine("test/keras/zoo-round-trip.ts", "read", str(folder), *sites)
    tables(folder, list(sites))


if sys.argv[1] == "--pass-on":
    Passing(pathlib.Path(sys.argv[2]), sys.argv[3]).run()
elif sys.argv[1] == "--tables":
    tables(pathlib.Path(sys.argv[2]), sys.argv[3:])
else:
    main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:])

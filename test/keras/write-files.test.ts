// The files that we write, read back through libhdf5: every bit of the weights, and everything else about them as in the
// files that Keras wrote of the same networks (test/fixtures/keras).

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { File, ready } from "h5wasm/node";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { keras2Layout, keras3Layout } from "../../src/keras/weights/weight-layouts.ts";
import {
  writeKeras2Weights,
  writeKeras3Weights,
} from "../../src/keras/weights/write-weights-h5.ts";
import { writeKeras2Model, writeKerasArchive } from "../../src/keras/write-model.ts";
import { type ExportedModel, exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { NETWORKS, network, seededWeights } from "./networks.ts";
import { bufferOf, bytesOf, type Entry, tree, unzip } from "./read-back.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/keras/", import.meta.url));

/** A network, and weights of it with all that floats may be. */
function sample(name: string) {
  const model = network(name);
  const weights = seededWeights(model, 3);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45, 3.4028234663852886e38];
  for (const data of weights.values()) data.set(odd.slice(0, data.length));
  return { model: exportedModel(model), weights };
}

function checkBits(
  path: string,
  places: ReadonlyMap<string, { readonly path: string }>,
  weights: ReadonlyMap<string, Float32Array>,
): void {
  assert.is(places.size, weights.size);
  for (const [name, data] of weights) {
    const stored = bytesOf(path, places.get(name)?.path ?? "/nowhere");
    assert.ok(stored.equals(bufferOf(data)), name);
  }
}

const test = suite<{ folder: string }>("keras files");

test.before(async () => {
  await ready;
});
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "vitrine-keras-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

for (const name of Object.keys(NETWORKS)) {
  test(`${name}.weights.h5 has Keras's groups, attributes and datasets, and our bits`, async ({
    folder,
  }) => {
    const { model, weights } = sample(name);
    const path = join(folder, "x.weights.h5");
    await writeKeras3Weights(path, model, weights);
    const [ours, keras] = [tree(path), tree(join(FIXTURES, `${name}.weights.h5`))];
    assert.equal([...ours.keys()], [...keras.keys()]);
    for (const [at, entry] of keras) assert.equal(ours.get(at), entry, at);
    checkBits(path, keras3Layout(model).variables, weights);
    assert.equal(readdirSync(folder), ["x.weights.h5"]);
  });

  test(`${name}.h5 has the groups and the kinds of attributes of Keras's whole model`, async ({
    folder,
  }) => {
    const { model, weights } = sample(name);
    const path = join(folder, "x.h5");
    await writeKeras2Model(path, model, weights);
    const [ours, keras] = [kinds(tree(path)), kinds(tree(join(FIXTURES, `${name}.h5`)))];
    assert.equal(Object.keys(ours), Object.keys(keras));
    for (const [at, entry] of Object.entries(keras)) assert.equal(ours[at], entry, at);
    checkBits(path, keras2Layout(model, "/model_weights").variables, weights);
    const file = new File(path, "r");
    const config = String(file.attrs["model_config"]?.value);
    file.close();
    assert.equal(JSON.parse(config), JSON.parse(JSON.stringify(keras2Config(model))));
  });
}

/**
 * Paths and kinds, not values: Keras 2 closes names of variables with `:0`, which Keras 3 no longer does, and the texts
 * of configuration and version are other ones. Within a Sequential, Keras 3 puts the model's name before a variable's.
 */
function kinds(entries: ReadonlyMap<string, Entry>): Readonly<Record<string, unknown>> {
  const own = [...entries].filter(([path]) => !path.endsWith("/lenet5"));
  const shown = own.map(([path, { kind, attributes, dtype, shape }]) => {
    const plain = Object.entries(attributes).map(([name, held]) => {
      const { value: _, ...about } = held as { value: unknown };
      return [name, about];
    });
    return [
      path.replace(/:0$/, "").replace("/lenet5/", "/"),
      { kind, dtype, shape, attributes: Object.fromEntries(plain) },
    ];
  });
  return Object.fromEntries(shown);
}

test("Keras 2's weights are the same without the model around them", async ({ folder }) => {
  const { model, weights } = sample("residual");
  const path = join(folder, "x.h5");
  await writeKeras2Weights(path, model, weights);
  const entries = tree(path);
  assert.not("model_config" in (entries.get("/")?.attributes ?? {}));
  const whole = join(folder, "y.h5");
  await writeKeras2Model(whole, model, weights);
  const inner = [...tree(whole)]
    .filter(([at]) => at.startsWith("/model_weights"))
    .map(([at, entry]) => [at.slice("/model_weights".length) || "/", entry]);
  assert.equal(Object.fromEntries(entries), Object.fromEntries(inner));
  checkBits(path, keras2Layout(model).variables, weights);
});

test("an archive holds metadata, configuration and the weights, all stored", async ({ folder }) => {
  const { model, weights } = sample("residual");
  const path = join(folder, "x.keras");
  await writeKerasArchive(path, model, weights);
  assert.equal(readdirSync(folder), ["x.keras"]);
  const files = await unzip(path);
  assert.equal([...files.keys()], ["metadata.json", "config.json", "model.weights.h5"]);
  const text = (name: string) => JSON.parse(files.get(name)?.toString("latin1") ?? "");
  assert.equal(text("config.json"), JSON.parse(JSON.stringify(keras3Config(model))));
  assert.match(text("metadata.json").date_saved, /^\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d$/);
  const inner = join(folder, "inner.h5");
  writeFileSync(inner, files.get("model.weights.h5") ?? "");
  const alone = join(folder, "alone.weights.h5");
  await writeKeras3Weights(alone, model, weights);
  // Not byte by byte: libhdf5 stamps each dataset with the second in which it was made.
  assert.equal(tree(inner), tree(alone));
  checkBits(inner, keras3Layout(model).variables, weights);
});

test("many names are split over several attributes, and none is lost", async ({ folder }) => {
  const count = 700;
  const layers = Array.from({ length: count }, (_, index) =>
    flatten({ name: `${"long".repeat(24)}${index}` }),
  );
  const long = sequential("long", [1, 1, 2], [...layers, dense({ units: 1 })]);
  const model = exportedModel(long);
  const path = join(folder, "x.h5");
  await writeKeras2Weights(path, model, seededWeights(long, 1));
  const attributes = tree(path).get("/")?.attributes ?? {};
  assert.not("layer_names" in attributes);
  const parts = [0, 1].map(
    (part) => (attributes[`layer_names${part}`] as { value: string[] }).value,
  );
  assert.equal(
    parts.flat(),
    model.layers.map(({ name }) => name),
  );
});

test("names beyond ASCII survive", async ({ folder }) => {
  const foreign = sequential("modèle", [1, 1, 2], [flatten(), dense({ units: 1, name: "größe" })]);
  const model = exportedModel(foreign);
  const weights = seededWeights(foreign, 1);
  const path = join(folder, "x.weights.h5");
  await writeKeras3Weights(path, model, weights);
  const held = tree(path).get("/layers/dense/vars")?.attributes["name"] as { value: string };
  assert.is(held.value, "größe");
  const archive = join(folder, "x.keras");
  await writeKerasArchive(archive, model, weights);
  const config = (await unzip(archive)).get("config.json") ?? Buffer.alloc(0);
  assert.ok(config.every((byte) => byte < 128));
  assert.is(JSON.parse(config.toString()).config.name, "modèle");
});

async function refusal(model: ExportedModel, weights: Map<string, Float32Array>, folder: string) {
  const path = join(folder, "x.keras");
  writeFileSync(path, "before");
  try {
    await writeKerasArchive(path, model, weights);
  } catch (error) {
    assert.instance(error, VitrineError);
    assert.is(readFileSync(path, "utf8"), "before", "the old file stays");
    assert.equal(readdirSync(folder), ["x.keras"], "nothing half-written stays");
    return String(error).replace(folder, "");
  }
  return "accepted";
}

test("weights that are missing, unknown or of another size are named", async ({ folder }) => {
  const { model, weights } = sample("residual");
  const without = new Map([...weights].filter(([name]) => name !== "bn/beta"));
  assert.match(
    await refusal(model, without, folder),
    /x\.keras: weights must be complete, got none for bn\/beta$/,
  );
  const unknown = new Map([...weights, ["other/kernel", new Float32Array(1)] as const]);
  assert.match(
    await refusal(model, unknown, folder),
    /x\.keras: other\/kernel: .*got no such variable$/,
  );
  const short = new Map([...weights, ["bn/beta", new Float32Array(3)] as const]);
  assert.match(await refusal(model, short, folder), /bn\/beta: cannot take 3 values, got \(4,\)$/);
});

test("what the file system refuses is told in its words, and with the file's own name", async ({
  folder,
}) => {
  const { model, weights } = sample("lenet5");
  for (const write of [writeKeras3Weights, writeKerasArchive]) {
    const path = join(folder, "missing", "x.keras");
    const error = await write(path, model, weights).then(String, String);
    assert.is(error, `VitrineError: ${path}: cannot be written, got no such file or directory`);
  }
  assert.equal(readdirSync(folder), []);
});

test("a view into a larger buffer is written as what it shows", async ({ folder }) => {
  const { model, weights } = sample("lenet5");
  const shifted = new Map(
    [...weights].map(([name, data]) => {
      const roomy = new Float32Array(data.length + 5);
      roomy.set(data, 3);
      return [name, roomy.subarray(3, 3 + data.length)];
    }),
  );
  const path = join(folder, "x.weights.h5");
  await writeKeras3Weights(path, model, shifted);
  checkBits(path, keras3Layout(model).variables, weights);
});

test("weights are asked for one at a time, in their own order", async ({ folder }) => {
  const { model, weights } = sample("lenet5");
  let open = 0;
  function* stream() {
    for (const entry of [...weights].reverse()) {
      open++;
      yield entry;
      open--;
      assert.is(open, 0);
    }
  }
  const path = join(folder, "x.weights.h5");
  await writeKeras3Weights(path, model, stream());
  checkBits(path, keras3Layout(model).variables, weights);
});

test.run();

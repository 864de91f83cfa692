// The configurations that we write, held against those that Keras wrote of the same networks.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { NETWORKS, network } from "./networks.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Recorded {
  readonly networks: Readonly<Record<string, { readonly keras3: Json; readonly legacy: Json }>>;
}

const FILE = new URL("../fixtures/keras/configs.json", import.meta.url);
const recorded: Recorded = JSON.parse(readFileSync(FILE, "utf8"));

/** Fields that only later releases of Keras 3 have, by the value that leaves a layer as it was before. */
const LATER: Readonly<Record<string, Json>> = {
  quantization_config: null,
  synchronized: false,
  renorm: false,
  renorm_clipping: null,
  renorm_momentum: 0.99,
  ragged: false,
  optional: false,
  input_axes: null,
  output_axes: null,
  compile_config: {},
};

/**
 * Keras's JSON without fields of later releases, with data types by their names, and without keywords of calls: it notes
 * `mask: null` of batch normalisation, and of dropout `training: false`, the mode in which the graph was drawn.
 */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (value["class_name"] === "DTypePolicy") {
    assert.equal(value["config"], { name: "float32" });
    return "float32";
  }
  if ("kwargs" in value) return { ...value, args: plain(value["args"] ?? null), kwargs: {} };
  const fields = Object.entries(value).filter(([key, held]) => {
    const isLater = key in LATER && JSON.stringify(LATER[key]) === JSON.stringify(held);
    return !isLater;
  });
  return Object.fromEntries(fields.map(([key, held]) => [key, plain(held)]));
}

const jsonOf = (value: unknown): Json => JSON.parse(JSON.stringify(value));

const test = suite("keras configurations");

for (const [name, model] of Object.entries(NETWORKS)) {
  test(`${name}: Keras 3's is Keras's own`, () => {
    const written = jsonOf(keras3Config(exportedModel(model)));
    assert.equal(written, plain(recorded.networks[name]?.keras3 ?? null));
  });

  test(`${name}: Keras 2's names the layers, calls and settings of Keras's legacy configuration`, () => {
    const written = jsonOf(keras2Config(exportedModel(model)));
    assert.equal(essence(written), essence(plain(recorded.networks[name]?.legacy ?? null)));
  });
}

/**
 * What both generations say alike: TF-Keras 1.15 does not know one group, dropped axes and L2, which are defaults or have another
 * name; objects lose their modules, batch normalisation's axis its list, an input layer the
 * second name of its shape, a call its keywords. Sequential input layers are called differently.
 */
function essence(config: Json): Json {
  if (Array.isArray(config)) return config.map(essence);
  if (typeof config !== "object" || config === null) return config;
  const { module: _, registered_name: __, build_config: ___, ...all } = config;
  const fields = Object.fromEntries(
    Object.entries(all).filter(([key, value]) => {
      return (key !== "groups" || value !== 1) && (key !== "keepdims" || value !== false);
    }),
  );
  const { class_name: className, config: own } = fields;
  if (className === "InputLayer") return "InputLayer";
  if (className === "Model") return essence({ ...fields, class_name: "Functional" });
  if (className === "L2") {
    return essence({ class_name: "L1L2", config: { l1: 0, ...(own as { l2: number }) } });
  }
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => !UNLIKE.includes(key))
      .map(([key, value]) => [key, key === "inbound_nodes" ? callers(value) : essence(value)]),
  );
}

/** `axis` is counted from the other side; the rest only one of them has. */
const UNLIKE = [
  "axis",
  "activity_regularizer",
  "build_input_shape",
  "dtype",
  "input_layers",
  "output_layers",
  "trainable",
];

/** Names of the layers that a call takes its input from, however they are written. */
function callers(nodes: Json): Json {
  const names = JSON.stringify(nodes).matchAll(/\["([^"]+)",0,0(?:,\{\})?\]/g);
  return [...names].map(([, name = ""]) => name);
}

test("a frozen layer is not trainable, the others are", () => {
  for (const config of [keras2Config, keras3Config]) {
    const text = JSON.stringify(config(exportedModel(network("residual"))));
    assert.match(text, /"name":"frozen","trainable":false/);
    assert.is(text.match(/"trainable":false/g)?.length, 1);
  }
});

test("a regulariser is spelled as each generation spells it", () => {
  const residual = exportedModel(network("residual"));
  assert.ok(
    JSON.stringify(keras2Config(residual)).includes(
      '"kernel_regularizer":{"class_name":"L1L2","config":{"l1":0,"l2":0.0005}}',
    ),
  );
  assert.ok(
    JSON.stringify(keras3Config(residual)).includes(
      '"kernel_regularizer":{"module":"keras.regularizers","class_name":"L2","config":{"l2":0.0005},"registered_name":null}',
    ),
  );
});

test("a layer that Keras files cannot hold is named", () => {
  const odd = sequential(
    "odd",
    [4, 4, 1],
    [(net, x) => net.layer({ className: "Wavelet", inputs: [x] }, () => x)],
  );
  for (const config of [keras2Config, keras3Config]) {
    assert.throws(
      () => config(exportedModel(odd)),
      (error: unknown) =>
        error instanceof VitrineError &&
        error.message === "layer wavelet: must be one that Keras files can hold, got Wavelet",
    );
  }
});

test.run();

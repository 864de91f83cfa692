// A model that a program builds, in Keras's terms: what a run records of it, so that it can be built again without the program.

import { UsageError, VitrineError } from "../engine/core/errors.ts";
import { describeModel, type Model } from "../engine/layers/model.ts";
import { callKeywords } from "./architecture/call-modes.ts";
import { exportedModel } from "./architecture/exported-model.ts";
import { isRecord } from "./architecture/json-record.ts";
import { keras3Config } from "./architecture/keras3.ts";
import type { OwnModelConfig } from "./models.ts";
import { ownNetwork } from "./own-model.ts";

/** Throws UsageError for a model that cannot be written in Keras's terms, or that comes back from them as another. */
export function described(
  model: Model,
  { name, path }: { readonly name: string; readonly path: string },
): OwnModelConfig {
  const { preprocessing } = model;
  const config = {
    name,
    architecture: architectureOf(model, path),
    ...(preprocessing ? { preprocessing } : {}),
  };
  if (essenceOf(model) === essenceOf(ownNetwork(config))) return config;
  throw notKeras(path, "a graph whose input is no layer, or options that Keras has not");
}

/** Layers and how they hang together, as text. */
function essenceOf(model: Model): string {
  const { layers, calls } = describeModel(model);
  const own = layers.map(({ site: _site, within: _within, ...layer }) => {
    const called = (calls.get(layer.name) ?? []).map(({ isInference, ...call }) => {
      return { ...call, ...callKeywords(layer, { isInference }) };
    });
    return { ...layer, called };
  });
  return JSON.stringify(own, inOrder);
}

/** Options are the same in whatever order they stand. */
function inOrder(_key: string, value: unknown): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).sort(byName)) : value;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function architectureOf(model: Model, path: string) {
  try {
    return keras3Config(exportedModel(model, { order: "recorded" }));
  } catch (cause) {
    if (!(cause instanceof VitrineError)) throw cause;
    throw notKeras(path, cause.message, cause);
  }
}

function notKeras(path: string, got: string, cause?: unknown): UsageError {
  return new UsageError(
    `--model: ${path} must export a model of layers that Keras has, got ${got}`,
    {
      help: "a run holds its network in Keras's terms; a model of other layers is trained by fit() in a program: npm run train has no use for it",
      cause,
    },
  );
}

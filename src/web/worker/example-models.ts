// The networks of the examples, offered beside those that a command can name: the very functions that the examples train, made for the data
// of the page and described in Keras's terms, as `npm run train -- --model FILE` describes a program's.

import { examples } from "vitrine/examples";
import type { Dataset } from "../../data/dataset.ts";
import type { Model } from "../../engine/layers/model.ts";
import { described } from "../../models/described-model.ts";
import { memoise } from "../../models/memoise.ts";
import type { OwnModelConfig } from "../../models/models.ts";
import type { ModelView } from "../../page/web/protocol.ts";
import { withEnd } from "./keras-models.ts";

/** Where the source of one is, but for its ending: what the page calls it. */
const FOLDER = "examples/";

export function exampleViews(): readonly ModelView[] {
  return Object.keys(examples).map((name) => ({ name: `${FOLDER}${name}`, settings: [] }));
}

type Pictures = Pick<Dataset, "height" | "width" | "channels" | "classNames">;

/** Null for a model that is none of an example. */
export function exampleConfig(model: string, data: Pictures): OwnModelConfig | null {
  const network = exampleNetwork(model, data);
  if (!network) return null;
  const name = model.slice(FOLDER.length);
  return withEnd(described(network, { name, path: model }));
}

/**
 * As its function builds it, which is what the page trains: its description may be computed by other kernels than those of an op of its own.
 * The same object for pictures of the same size and as many classes.
 */
export function exampleNetwork(model: string, data: Pictures): Model | null {
  if (!model.startsWith(FOLDER)) return null;
  const { height, width, channels, classNames } = data;
  const name = model.slice(FOLDER.length);
  return built({ name, height, width, channels, classes: classNames.length });
}

const built = memoise(({ name, height, width, channels, classes }: Built) => {
  const [, build] = Object.entries(examples).find(([one]) => one === name) ?? [];
  return build ? build([height, width, channels], classes) : null;
});

interface Built {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}

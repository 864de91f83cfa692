// The networks of the examples, offered beside those that a command can name: the very functions that the examples train, made for the data
// of the page and described in Keras's terms, as `npm run train -- --model FILE` describes a program's.

import { examples } from "vitrine/examples";
import type { Dataset } from "../../data/dataset.ts";
import { described } from "../../models/described-model.ts";
import type { OwnModelConfig } from "../../models/models.ts";
import type { ModelView } from "../../page/web/protocol.ts";
import { withEnd } from "./keras-models.ts";

/** Where the source of one is, but for its ending: what the page calls it. */
const FOLDER = "examples/";

export function exampleViews(): readonly ModelView[] {
  return Object.keys(examples).map((name) => ({ name: `${FOLDER}${name}`, settings: [] }));
}

/** Null for a model that is none of an example. */
export function exampleConfig(
  model: string,
  {
    height,
    width,
    channels,
    classNames,
  }: Pick<Dataset, "height" | "width" | "channels" | "classNames">,
): OwnModelConfig | null {
  const found = Object.entries(examples).find(([name]) => model === `${FOLDER}${name}`);
  if (!found) return null;
  const [name, build] = found;
  const network = build([height, width, channels], classNames.length);
  return withEnd(described(network, { name, path: model }));
}

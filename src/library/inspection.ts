// The page to walk through a step, as `vitrine inspect` writes it, for programs of one's own.

import { readFile } from "node:fs/promises";
import type { Dataset } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { labelsOf, type Model } from "../engine/layers/model.ts";
import { writeAtomically } from "../io/files.ts";
import { datasetOf } from "./byte-rows.ts";
import { type StepOptions, withSetup } from "./inspect.ts";
import type { TensorData } from "./tensor-data.ts";

/** What `saveInspection` takes: the options of `fit`, which of the model's steps is meant, and where the page goes. */
export interface InspectionOptions extends StepOptions {
  /** A file that ends in .html. */
  readonly out: string;
  /** Rows of bytes with a class, whose images are shown on their way through the network; default none. */
  readonly test?: TensorData | undefined;
  /** Which of them, from 0; or how many, of different classes. Default 4. */
  readonly images?: number | readonly number[] | undefined;
}

/**
 * Times the step, verifies it, reads its tensors, and writes all of it as one page that needs no network: each dispatch with its WGSL, also
 * that of ops of one's own. Takes half a minute or so. Throws UsageError as `fit` does, and for rows that are not there.
 */
export async function saveInspection(
  device: Device,
  model: Model,
  options: InspectionOptions,
): Promise<void> {
  const { out, step: kind = "train", signal, initialWeights } = options;
  if (!out.endsWith(".html")) {
    throw new UsageError(`saveInspection: out must end in .html, got ${out}`);
  }
  const shown = imagesOf(model, options);
  const { gatherDocument } = await import("../inspect/inspector/gather-document.ts");
  const { inspectorHtml } = await import("../page/inspector/inspector-page.ts");
  const about = { where: "saveInspection", model, options, kind };
  const found = await withSetup(device, about, (scope, setup) =>
    gatherDocument({
      ...{ device: scope, setup, signal, ...shown, model: model.name },
      isTrained: initialWeights !== undefined,
      source: initialWeights ? "weights that the program gave" : "random weights",
      readLines: linesOf,
    }),
  );
  await writeAtomically(out, await inspectorHtml(found));
}

function imagesOf(
  model: Model,
  { test: asked, images = 4 }: InspectionOptions,
): { readonly test: Dataset; readonly images: number | readonly number[] } {
  if (!asked) return { test: NO_ROWS, images: [] };
  const classNames = Array.from({ length: labelsOf(model) }, (_, label) => `class ${label}`);
  const test = datasetOf("saveInspection", asked, classNames);
  const wrong =
    typeof images === "number" ? undefined : images.find((row) => !(row in test.labels));
  if (wrong === undefined) return { test, images };
  throw new UsageError(
    `saveInspection: images must be rows of test, from 0 to ${test.rows - 1}, got ${wrong}`,
  );
}

const NO_ROWS: Dataset = {
  ...{ name: "none", images: new Uint8Array(), labels: new Uint8Array(), rows: 0 },
  ...{ height: 1, width: 1, channels: 1, classNames: [] },
};

/** Null for a file that is not there. */
function linesOf(file: string): Promise<readonly string[] | null> {
  return readFile(file, "utf8").then(
    (text) => text.split("\n"),
    () => null,
  );
}

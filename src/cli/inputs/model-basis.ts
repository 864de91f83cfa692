// What a command trains its models on: reads the pretrained weights that --weights names, and where the base is frozen,
// sees to it that it runs once, telling the person how far it is.

import { join } from "node:path";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { describeModel } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { checkRegularFile } from "../../io/regular-file.ts";
import { findImagenetWeights } from "../../keras/weights/imagenet-weights.ts";
import { readPretrained } from "../../keras/weights/pretrained.ts";
import {
  createModel,
  createTransferModel,
  isTransfer,
  type ModelConfig,
  type TransferModelConfig,
} from "../../models/models.ts";
import { foldLayers, type ModelSummary, summaryOf } from "../../report/text/summary-table.ts";
import { CACHE } from "../../setup/files.mjs";
import { type Basis, featureBasis, imageBasis } from "../../train/basis.ts";
import { openFeatures } from "../../train/frozen/feature-store.ts";
import { featureBytes } from "../../train/frozen/frozen-base.ts";
import { BaseDisplay } from "../display/base-display.ts";
import { withSpinner } from "../display/progress.ts";
import type { Terminal } from "../frame/terminal.ts";
import { showSteps } from "./data-set.ts";

export interface Pretrained {
  /** The given one, with the digest of the file. */
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** The file, in words; null without one. */
  readonly source: string | null;
}

/** Where Keras's published files are kept. */
export const WEIGHTS = join(CACHE, "weights");
/** Where the outputs of frozen bases are. */
export const FEATURES = join(CACHE, "features");

/** More features than this are not kept: the base then runs in every step. */
const MOST_FEATURE_BYTES = 2 ** 31;

/**
 * Reads the weights for a model's base. Throws FormatError for a file that does not fit, UsageError for weights that a
 * model cannot take; nothing slow has happened then.
 */
export async function loadPretrained(
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
  config: ModelConfig,
  weights: string | undefined,
): Promise<Pretrained> {
  if (!isTransfer(config) || weights === "none") {
    return { config, weights: new Map(), source: null };
  }
  const path = await locate({ terminal, signal }, config, weights ?? "imagenet");
  const { base } = createTransferModel(config);
  const read = () => readPretrained(path, base);
  const { sha256, weights: values } = await withSpinner(terminal, `reading ${path}`, read);
  return { config: { ...config, pretrained: sha256 }, weights: values, source: path };
}

async function locate(
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
  { name }: TransferModelConfig,
  weights: string,
): Promise<string> {
  if (weights !== "imagenet") {
    if (weights.trim() === "") throw new UsageError("--weights: must name a file, got nothing");
    await checkRegularFile(weights, "weights");
    return weights;
  }
  const steps = showSteps(terminal);
  const path = await findImagenetWeights({
    backbone: name,
    top: false,
    cacheDir: WEIGHTS,
    signal,
    say: (line) => terminal.print(line),
    progress: steps.progress,
  });
  steps.finish();
  return path;
}

/** What is printed before a training: the base of a transfer model takes one line. */
export function shortSummary(config: ModelConfig): ModelSummary {
  const summary = summaryOf(describeModel(createModel(config)));
  if (!isTransfer(config)) return summary;
  // Its last layer makes a vector of the feature map.
  const { layers } = describeModel(createTransferModel(config).base);
  return foldLayers(summary, config.name, layers.length - 1);
}

export interface BasisRequest {
  readonly device: Device;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly pretrained: Pretrained;
  readonly seed: number;
  /** Rows that features will be asked for, at most. */
  readonly rows: number;
}

/** Images for most models; the features of the base where that is frozen and they fit into memory. */
export function openBasis(request: BasisRequest): Basis {
  const { device, terminal, pretrained, rows } = request;
  const { config, weights } = pretrained;
  if (!isTransfer(config)) return imageBasis(device);
  const { base, isBaseFrozen } = createTransferModel(config);
  if (!isBaseFrozen) return imageBasis(device, weights);
  const bytes = featureBytes(base, rows);
  if (bytes > MOST_FEATURE_BYTES) {
    const size = (bytes / 2 ** 30).toFixed(1);
    terminal.print(
      `base       runs in every step: its outputs would take ${size} GB, more than 2; --head average takes less`,
    );
    return imageBasis(device, weights);
  }
  return featuresOf(request, config);
}

function featuresOf(
  { device, terminal, signal, pretrained, seed }: BasisRequest,
  config: TransferModelConfig,
): Basis {
  const display = new BaseDisplay(terminal);
  const { onCompile, onCompiled, onProgress } = display;
  const basis = featureBasis({
    ...{ device, config, seed, signal, onCompile, onCompiled, onProgress },
    pretrained: pretrained.weights,
    onStoreFailed: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      terminal.print(`note       features cannot be kept for the next run, got ${reason}`);
    },
    storeFor: (dataset, base) =>
      openFeatures(FEATURES, { config, seed, adapter: device.name }, { dataset, base }),
  });
  return {
    ...basis,
    place: async (dataset) => {
      const data = await basis.place(dataset).finally(() => display.close());
      terminal.print(`features   of ${dataset.rows} rows (${dataset.name}) are ready`);
      return data;
    },
  };
}

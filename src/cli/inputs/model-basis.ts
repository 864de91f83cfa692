// What a command trains its models on: reads the pretrained weights that --weights names, and where the base is frozen,
// sees to it that it runs once, telling the person how far it is.

import { join } from "node:path";
import type { Device } from "../../engine/core/device.ts";
import { messageOf, UsageError } from "../../engine/core/errors.ts";
import { describeModel } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { fileDigest } from "../../io/file-digest.ts";
import { checkRegularFile } from "../../io/regular-file.ts";
import { readWeightsFor } from "../../keras/read-model.ts";
import { findImagenetWeights } from "../../keras/weights/imagenet-weights.ts";
import { describeRescaling, type Rescaling } from "../../keras/weights/own-rescaling.ts";
import { readPretrained } from "../../keras/weights/pretrained.ts";
import {
  createModel,
  createTransferModel,
  isOwn,
  isTransfer,
  kindOf,
  type ModelConfig,
  type OwnModelConfig,
  type TransferModelConfig,
} from "../../models/models.ts";
import { keptWeights, ownNetwork } from "../../models/own-model.ts";
import { foldLayers, type ModelSummary, summaryOf } from "../../report/text/summary-table.ts";
import { CACHE } from "../../setup/files.mjs";
import { type Basis, featureBasis, imageBasis } from "../../train/basis.ts";
import { openFeatures } from "../../train/frozen/feature-store.ts";
import { featureBytes } from "../../train/frozen/frozen-base.ts";
import { BaseDisplay } from "../display/base-display.ts";
import { withSpinner } from "../display/progress.ts";
import type { Terminal } from "../frame/terminal.ts";
import { showSteps } from "./data-set.ts";
import { streamingLine } from "./open-adapter.ts";

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
  if (weights === "none") return { config, weights: new Map(), source: null };
  if (isOwn(config)) return loadOwn({ terminal }, config, weights);
  if (!isTransfer(config)) return { config, weights: new Map(), source: null };
  const path = await locate({ terminal, signal }, config, weights ?? "imagenet");
  const { base } = createTransferModel(config);
  const read = () => readPretrained(path, base);
  const {
    sha256,
    weights: values,
    rescaling,
  } = await withSpinner(terminal, `reading ${path}`, read);
  if (rescaling) checkRescaling(path, config, rescaling);
  return { config: { ...config, pretrained: sha256 }, weights: values, source: path };
}

/** The weights of a network that a file describes, of that file or of another one; a new last layer begins with random ones. */
async function loadOwn(
  { terminal }: { readonly terminal: Terminal },
  config: OwnModelConfig,
  path: string | undefined,
): Promise<Pretrained> {
  if (path === undefined) {
    throw new UsageError("--weights: must name the file that the network is from, got none", {
      help: config.pretrained
        ? `its sha256 is ${config.pretrained}; none begins with random ones`
        : "none begins with random ones",
    });
  }
  await checkRegularFile(path, "weights");
  const read = () => readWeightsFor(path, ownNetwork(config));
  const found = await withSpinner(terminal, `reading ${path}`, read);
  const weights = keptWeights(config, found);
  const sha256 = await fileDigest(path, "sha256");
  return { config: { ...config, pretrained: sha256 }, weights, source: path };
}

/** Throws UsageError where the pictures would come to the base otherwise than they did when its weights were trained. */
export function checkRescaling(
  path: string,
  config: TransferModelConfig,
  rescaling: Rescaling,
): void {
  const { preprocessing = "imagenet" } = config;
  const { scale, offset } = rescaling;
  const is = (wantedScale: number, wantedOffset: number): boolean =>
    Math.abs((scale ?? 0) * wantedScale - 1) < 1e-6 && offset === wantedOffset;
  const isUnit = is(255, 0);
  const imagenet = kindOf(config.name).backbone?.preprocessing;
  if (preprocessing === "unit" ? isUnit : imagenet === "tf" && is(127.5, -1)) return;
  throw new UsageError(
    `--preprocess: must do what the model of ${path} did, which begins with ${describeRescaling(rescaling)}, got ${preprocessing}`,
    {
      help: isUnit
        ? "--preprocess unit is the same"
        : "neither imagenet nor unit is the same; save the base by itself, without that layer, if its weights were not trained behind it",
    },
  );
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
  const images = () => tellingBasis(imageBasis(device, weights), terminal);
  if (!isTransfer(config)) return images();
  const { base, isBaseFrozen } = createTransferModel(config);
  if (!isBaseFrozen) return images();
  const bytes = featureBytes(base, rows);
  if (bytes > MOST_FEATURE_BYTES) {
    const size = (bytes / 2 ** 30).toFixed(1);
    terminal.print(
      `base       runs in every step: its outputs would take ${size} GB, more than 2; --head average takes less`,
    );
    return images();
  }
  return featuresOf(request, config);
}

/** Says where rows are streamed. */
function tellingBasis(basis: Basis, terminal: Terminal): Basis {
  return {
    ...basis,
    place: async (dataset) => {
      const data = await basis.place(dataset);
      const line = streamingLine(data);
      if (line) terminal.print(line);
      return data;
    },
  };
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
      const reason = messageOf(error);
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

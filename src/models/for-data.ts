// What of a model the data decides: the classes that it tells apart, the channels of its input, and how images of that size
// reach it. Everything else is asked for.

import type { Dataset } from "../data/dataset.ts";
import { UsageError } from "../engine/core/errors.ts";
import { labelsOf, type Model } from "../engine/layers/model.ts";
import { isCentred } from "../engine/ops/preprocessing.ts";
import {
  createModel,
  isOwn,
  isTransfer,
  type ModelConfig,
  type OwnModelConfig,
  predictionOf,
} from "./models.ts";
import { CLASSES_SETTING } from "./setting.ts";

const DEFAULT_CLASSES = CLASSES_SETTING.default;

type ImageShape = Pick<Dataset, "height" | "width" | "channels">;

/**
 * The same configuration for such images. What is the default is not written down, so that a model of 28×28 grey images of
 * ten classes is recorded as it always was. Throws UsageError, naming `data`, for images of neither 1 nor 3 channels.
 */
export function forData<Config extends ModelConfig>(
  config: Config,
  dataset: ImageShape & Pick<Dataset, "classNames">,
): Config {
  const { channels, classNames } = dataset;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`data: images must have 1 or 3 channels, got ${channels}`, {
      argument: "data",
    });
  }
  const classes = classNames.length;
  if (isOwn(config)) {
    const fitted = fittedTo(config, dataset);
    const model = createModel(fitted);
    if (predictionOf(fitted) === "classes") checkTakes(model, dataset, { takesHead: true });
    else checkImages(model, dataset);
    return fitted;
  }
  const isSame = (config.classes ?? DEFAULT_CLASSES) === classes;
  const own: ModelConfig = isSame ? config : { ...config, classes };
  if (isTransfer(own)) return own as Config;
  const { channels: _channels, preprocessing: _preprocessing, ...rest } = own;
  const coloured: ModelConfig = channels === 3 ? { ...rest, channels } : rest;
  const isCentred = isPadded(createModel(coloured), dataset);
  return (isCentred ? coloured : { ...coloured, preprocessing: "resized" }) as Config;
}

/** The same network for images of that size: centred where they fit with equal borders, else resized. */
export function fittedTo<Config extends OwnModelConfig>(
  config: Config,
  dataset: ImageShape,
): Config {
  const model = createModel(config);
  const { preprocessing = "unit" } = model;
  const isFitting = !isCentred(preprocessing) || isPadded(model, dataset);
  const chosen = isFitting
    ? preprocessing
    : preprocessing === "bytes"
      ? "resized-bytes"
      : "resized";
  return chosen === "unit" ? config : { ...config, preprocessing: chosen };
}

/** Whether `unit` takes such images: in the middle of equal borders, or without any. */
function isPadded({ inputShape }: Model, { height, width }: ImageShape): boolean {
  const [rows = 0, columns = 0] = inputShape;
  const border = rows - height;
  return border >= 0 && border % 2 === 0 && columns - width === border;
}

/** Throws UsageError, naming `data`, where a trained model cannot be shown such images or tells other classes apart. */
export function checkTakes(
  model: Model,
  dataset: ImageShape & Pick<Dataset, "classNames">,
  { takesHead }: { readonly takesHead: boolean } = { takesHead: false },
): void {
  const { classNames } = dataset;
  const classes = labelsOf(model);
  if (classNames.length !== classes) {
    throw new UsageError(
      `data: must have the ${classes} classes that the model tells apart, got ${classNames.length}`,
      {
        argument: "data",
        ...(takesHead ? { help: `--head ${classNames.length} puts a new last layer on` } : {}),
      },
    );
  }
  checkImages(model, dataset);
}

function checkImages(model: Model, { height, width, channels }: ImageShape): void {
  const [rows, columns, depth] = model.inputShape;
  const isRightDepth = channels === depth || (channels === 1 && isResized(model));
  if (isRightDepth && (isResized(model) || isPadded(model, { height, width, channels }))) return;
  const rule = isResized(model)
    ? `images must have ${depth === 1 ? "1 channel" : "1 or 3 channels"}`
    : `images must fit ${rows}×${columns}×${depth} with equal borders`;
  throw new UsageError(`data: ${rule}, got ${height}×${width}×${channels}`, {
    argument: "data",
    help: "the model was made for other images; train one on these",
  });
}

function isResized({ preprocessing = "unit" }: Model): boolean {
  return !isCentred(preprocessing);
}

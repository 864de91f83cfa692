// A picture of the reader's own, shown to the network: prepared as its training pictures were, and followed through every layer.

import { backgroundOf } from "../../data/background.ts";
import type { Dataset } from "../../data/dataset.ts";
import { canPrepare, isBlank, shownImage } from "../../data/shown-image.ts";
import { FormatError } from "../../engine/core/errors.ts";
import { type JourneysRequest, journeyAsSeen } from "../../inspect/inspector/journeys.ts";
import type { PictureChoice, SeenView } from "../../page/web/protocol.ts";
import { imageView } from "../../watch/image-view.ts";
import { decodeInBrowser } from "./browser-picture.ts";

export type Seer = Pick<
  JourneysRequest,
  "device" | "model" | "weights" | "seed" | "loss" | "targets"
> & {
  /** That the model was trained on. */
  readonly train: Dataset;
};

/** Throws FormatError, naming the picture, for one that is damaged or shows nothing. */
export async function seePicture(
  { name, picture: file }: PictureChoice,
  { train, ...seer }: Seer,
): Promise<SeenView> {
  const { height, width, channels, classNames } = train;
  const shape = [height, width, channels] as const;
  const prepare = canPrepare(shape) ? "fashion" : "none";
  const picture = await decodeInBrowser(file, name);
  const background = backgroundOf(train);
  const shown = shownImage(picture, { shape, background, prepare, invert: undefined });
  if (!shown || isBlank(shown.pixels)) {
    throw new FormatError(`${name}: must show something, got a picture of one colour`);
  }
  const { found, isNegated, pixels } = shown;
  const trimmed = found?.trimmed;
  const notes = [
    `${picture.width}×${picture.height} pixels brought to ${width}×${height}`,
    ...(trimmed ? [`trimmed to ${trimmed.width}×${trimmed.height}`] : []),
    ...(isNegated ? ["negated, because the model knows its objects the other way round"] : []),
  ];
  const image: Dataset = {
    ...{ name, images: pixels, labels: new Uint8Array(1), rows: 1 },
    ...{ height, width, channels, classNames },
  };
  const journey = await journeyAsSeen({ ...seer, test: image });
  return { shown: imageView(image, 0), notes, journey };
}

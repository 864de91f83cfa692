// How a training changes its images on their way to the model, anew each time it sees one: plain data that a run records.
// It stands between the batch's gathering and the model, in the training step only; what is evaluated stays as it is.

import { UsageError } from "../engine/core/errors.ts";
import { formatShape } from "../engine/core/shape.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import type { Feed } from "../engine/ops/gather.ts";
import { imageTone } from "../engine/ops/image-tone.ts";
import { imageWarp, type Range } from "../engine/ops/image-warp.ts";
import { drawPairs, mixRows } from "../engine/ops/mixup.ts";
import type { Recorder } from "../engine/program/recorder.ts";
import { apply } from "../engine/program/tape.ts";

export const FLIPS = ["horizontal", "vertical", "both"] as const;

export type Augment = {
  /** Half of the images; `both`: along each axis for itself. */
  readonly flip?: (typeof FLIPS)[number];
  /** At most, in pixels, along each axis. */
  readonly shift?: number;
  /** At most, in degrees either way. */
  readonly rotate?: number;
  /** From 1 − zoom to 1 + zoom of the size; below 1. */
  readonly zoom?: number;
  /** Times 1 − contrast to 1 + contrast about each channel's mean. */
  readonly contrast?: number;
  /** Share of the images of which a rectangle, 2 % to 33 % of each, becomes 0. */
  readonly erase?: number;
  /**
   * α of mixup, to 1: each image becomes λ of itself and 1 − λ of another of its batch, its target likewise, λ drawn from
   * Beta(α, α) for each. Accuracy while training counts the class with the larger share, as Keras's does.
   */
  readonly mixup?: number;
};

/** Each with the most that it may be; none may be less than 0. */
const LIMITS = { shift: 1024, rotate: 360, zoom: 0.9, contrast: 1, erase: 1, mixup: 1 } as const;

const FORM =
  "flip, flip=both, shift=2, rotate=10, zoom=0.1, contrast=0.2, erase=0.1, mixup=0.2: one or more, with commas";

/** Of `flip,shift=2,rotate=10`. Throws UsageError naming the argument `augment`. */
export function parseAugment(text: string): Augment {
  const changes: Record<string, string | number> = {};
  for (const part of text.split(",")) {
    const [name = "", value, ...more] = part.trim().split("=");
    if (more.length > 0 || Object.hasOwn(changes, name))
      throw refused("takes each change once", part);
    if (name === "flip") changes[name] = value ?? "horizontal";
    else changes[name] = value === undefined || value === "" ? Number.NaN : Number(value);
  }
  return checkAugment(changes);
}

/** Throws UsageError naming the argument `augment`. */
export function checkAugment(changes: Readonly<Record<string, unknown>>): Augment {
  for (const [name, value] of Object.entries(changes)) {
    if (name === "flip") {
      if (FLIPS.some((flip) => flip === value)) continue;
      throw refused(`flip must be ${FLIPS.join(", ")}`, value);
    }
    if (!Object.hasOwn(LIMITS, name)) throw refused("must be of known changes", name || "nothing");
    const most = LIMITS[name as keyof typeof LIMITS];
    if (typeof value === "number" && value >= 0 && value <= most) continue;
    throw refused(`${name} must be a number from 0 to ${most}`, value);
  }
  return changes as Augment;
}

function refused(rule: string, got: unknown): UsageError {
  return new UsageError(`augment: ${rule}, got ${String(got)}`, {
    argument: "augment",
    help: FORM,
  });
}

/** The text that `parseAugment` reads: `flip=horizontal,shift=2`. */
export function augmentText(augment: Augment): string {
  return Object.entries(augment)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

/** `flip, shift 2, rotate 10`. */
export function describeAugment(augment: Augment): string {
  return Object.entries(augment)
    .map(([name, value]) => (value === "horizontal" ? name : `${name} ${value}`))
    .join(", ");
}

/** Streams beyond those of layers, which count from 0. */
const STREAM = 0x10000;

/** Records the changes of a batch x (N, H, W, C), as one warp and what concerns its tones; nothing where there are none. */
export function recordAugment(
  rec: Recorder,
  x: Tensor,
  augment: Augment,
  { feed, seed }: { readonly feed: Feed; readonly seed: number },
): Tensor {
  const [, , , channels = 0] = x.shape;
  // Images given as floats are features to the feed; no image has more than four channels.
  if (x.shape.length !== 4 || channels > 4) {
    const rule = "augment: must be given images, of up to four channels";
    throw new UsageError(`${rule}, got rows of ${formatShape(x.shape.slice(1))}`, {
      argument: "augment",
      help: "leave it out: a frozen base sees every image once only",
    });
  }
  const { clock } = feed;
  const { flip, shift = 0, rotate = 0, zoom = 0, contrast = 0, erase = 0 } = augment;
  const flips = { horizontal: "across", vertical: "down", both: "both" } as const;
  let y = x;
  rec.inPass("data", () => {
    const isMoved = shift > 0 || rotate > 0 || zoom > 0;
    if (flip || isMoved) {
      y = apply(rec, imageWarp, [y, clock], {
        ...{ seed, stream: STREAM, fill: "nearest", ...(flip && { flip: flips[flip] }) },
        ...{ down: within(shift), across: within(shift), turn: within(rotate / 360) },
        tall: within(zoom, 1),
        interpolation: isMoved ? "bilinear" : "nearest",
      });
    }
    if (contrast > 0) {
      const attrs = {
        kind: "contrast",
        range: within(contrast, 1),
        seed,
        stream: STREAM + 1,
      } as const;
      y = apply(rec, imageTone, [y, clock], attrs);
    }
    if (erase > 0) {
      const attrs = { kind: "erase", range: [erase, erase], seed, stream: STREAM + 2 } as const;
      y = apply(rec, imageTone, [y, clock], attrs);
    }
  });
  return y;
}

/** Records mixup of a batch that is changed in other ways already: the mixed x, and with what each row is mixed. */
export function recordMixup(
  rec: Recorder,
  x: Tensor,
  { mixup = 0 }: Augment,
  { feed, seed }: { readonly feed: Feed; readonly seed: number },
): { readonly x: Tensor; readonly mixed: Tensor | undefined } {
  if (mixup === 0) return { x, mixed: undefined };
  const [batch = 0] = x.shape;
  const draws = { batch, alpha: mixup, seed, stream: STREAM + 3, clock: feed.clock };
  return rec.inPass("data", () => {
    const mixed = drawPairs(rec, draws);
    return { x: mixRows(rec, x, mixed), mixed };
  });
}

function within(most: number, about = 0): Range {
  return [about - most, about + most];
}

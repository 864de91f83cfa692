// Random changes of images: against Keras where nothing is left to chance, else against float64 loops that draw the same numbers.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { uniformAt } from "../../src/engine/core/random.ts";
import { type Augmentation, augmentation } from "../../src/engine/layers/augmentation.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { randomFlip } from "../../src/engine/layers/random-images.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { imageTone, type Tone } from "../../src/engine/ops/image-tone.ts";
import { imageWarp, type Warp } from "../../src/engine/ops/image-warp.ts";
import type { LayerConfig } from "../../src/engine/program/layer-record.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

type Shape4 = readonly [n: number, h: number, w: number, c: number];

interface Fixture {
  readonly shape: Shape4;
  readonly x: readonly number[];
  readonly cases: readonly {
    readonly className: Augmentation;
    readonly settings: LayerConfig;
    readonly y: readonly number[];
  }[];
  readonly contrast: readonly number[];
}

const test = suite("augmentation");
const KERAS = JSON.parse(
  readFileSync(new URL("../fixtures/augmentation.json", import.meta.url), "utf8"),
) as Fixture;
const CLOSE = { relative: 0, absolute: 1e-5 };
const DRAWS = { seed: 11, stream: 3 };
const STEP = 5;

function drawn(image: number, draws = DRAWS): number[] {
  const at = (k: number) => uniformAt({ ...draws, step: STEP, index: 8 * image + k });
  return Array.from({ length: 8 }, (_, k) => at(k));
}

async function inputs(shape: Shape4, values: ArrayLike<number>) {
  const device = await gpu();
  const x = device.tensor(shape, "x", Float32Array.from(values));
  return { x, clock: device.tensor([2], "clock", Uint32Array.of(STEP, 9), "u32") };
}

async function warped(shape: Shape4, values: ArrayLike<number>, attrs: Warp, draws = DRAWS) {
  const { x, clock } = await inputs(shape, values);
  const { outputs } = await evaluate((rec) => ({
    y: apply(rec, imageWarp, [x, clock], { ...attrs, ...draws }),
  }));
  return outputs.y;
}

async function toned(shape: Shape4, values: ArrayLike<number>, attrs: Tone) {
  const { x, clock } = await inputs(shape, values);
  const { outputs } = await evaluate((rec) => ({
    y: apply(rec, imageTone, [x, clock], { ...attrs, ...DRAWS }),
  }));
  return outputs.y;
}

for (const { className, settings, y } of KERAS.cases) {
  test(`${className} ${JSON.stringify(settings)} is Keras's`, async () => {
    const { shape } = KERAS;
    const { x, clock } = await inputs(shape, KERAS.x);
    const { outputs } = await evaluate((rec) => {
      const net = new Net({ rec, variables: new Variables(1), training: true, clock });
      return { y: augmentation({ className, settings })(net, x) };
    });
    assertClose({ label: className, shape, actual: outputs.y, expected: y, tolerance: CLOSE });
  });
}

test("contrast by 1.5 is Keras's", async () => {
  const { shape, x, contrast: expected } = KERAS;
  const actual = await toned(shape, x, { kind: "contrast", range: [1.5, 1.5], clip: [0, 1] });
  assertClose({ label: "contrast", shape, actual, expected, tolerance: CLOSE });
});

function between([low, high]: readonly [number, number], u: number): number {
  return low + (high - low) * u;
}

/** Turned, zoomed, shifted, flipped, reflected beyond the edges, bilinear. */
function warpLoops([n, h, w, c]: Shape4, x: ArrayLike<number>, attrs: Required<Warp>): number[] {
  const y: number[] = [];
  const fold = (i: number, extent: number) => {
    const m = ((i % (2 * extent)) + 2 * extent) % (2 * extent);
    return Math.min(m, 2 * extent - 1 - m);
  };
  for (let image = 0; image < n; image++) {
    const [u0 = 0, u1 = 0, u2 = 0, u3 = 0, u4 = 0, u5 = 0, u6 = 0] = drawn(image);
    const angle = 2 * Math.PI * between(attrs.turn, u2);
    const [tall, wide] = [between(attrs.tall, u5), between(attrs.wide, u6)];
    for (let i = 0; i < h * w * c; i++) {
      const [row, column, channel] = [Math.floor(i / c / w), Math.floor(i / c) % w, i % c];
      const [dy, dx] = [(row - (h - 1) / 2) * tall, (column - (w - 1) / 2) * wide];
      let r = (h - 1) / 2 + Math.sin(angle) * dx + Math.cos(angle) * dy - between(attrs.down, u3);
      let q = (w - 1) / 2 + Math.cos(angle) * dx - Math.sin(angle) * dy - between(attrs.across, u4);
      if (u0 <= 0.5) q = w - 1 - q;
      if (u1 <= 0.5) r = h - 1 - r;
      let sum = 0;
      for (const [a, b] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const) {
        const [rr, qq] = [Math.floor(r) + a, Math.floor(q) + b];
        const at = ((image * h + fold(rr, h)) * w + fold(qq, w)) * c + channel;
        sum += (x[at] ?? 0) * (1 - Math.abs(r - rr)) * (1 - Math.abs(q - qq));
      }
      y.push(sum);
    }
  }
  return y;
}

test("all at once, against float64 loops that draw the same", async () => {
  const shape: Shape4 = [9, 7, 10, 3];
  const x = Float32Array.from(randomArray(9 * 7 * 10 * 3, 4));
  const attrs: Required<Warp> = {
    flip: "both",
    turn: [-0.2, 0.4],
    down: [-3, 1],
    across: [-4, 4],
    tall: [0.7, 1.4],
    wide: [0.9, 1.2],
    interpolation: "bilinear",
    fill: "reflect",
    fillValue: 0,
  };
  const actual = await warped(shape, x, attrs);
  const tolerance = { relative: 0, absolute: 3e-5 };
  assertClose({ label: "warp", shape, actual, expected: warpLoops(shape, x, attrs), tolerance });
});

test("flips copy, those of np.flip, for half of the images", async () => {
  const shape: Shape4 = [400, 2, 3, 1];
  const x = Float32Array.from({ length: 2400 }, (_, i) => i);
  for (const flip of ["across", "down", "both", "jointly"] as const) {
    const flips = Array.from({ length: 400 }, (_, n) => {
      const [u0 = 0, u1 = 0] = drawn(n);
      const own = flip === "jointly" ? u0 : u1;
      return { across: flip !== "down" && u0 <= 0.5, down: flip !== "across" && own <= 0.5 };
    });
    const expected = flips.flatMap(({ across, down }, n) => {
      const columns = across ? [2, 1, 0] : [0, 1, 2];
      return (down ? [1, 0] : [0, 1]).flatMap((row) => columns.map((q) => 6 * n + 3 * row + q));
    });
    const actual = await warped(shape, x, { flip, interpolation: "nearest" });
    assertClose({ label: flip, shape, actual, expected, tolerance: EXACT });
    const count = flips.filter(({ across, down }) => across || down).length;
    // Five standard deviations of 400 coins are 50.
    const mean = flip === "both" ? 300 : 200;
    assert.ok(Math.abs(count - mean) < 50, `${count}`);
  }
});

test("shifts spread evenly over their range; seeds and streams differ, the same draws the same bits", async () => {
  const shape: Shape4 = [600, 1, 41, 1];
  const x = Float32Array.from({ length: 600 * 41 }, (_, i) => i % 41);
  const attrs = { across: [-10, 10] } as const;
  const y = await warped(shape, x, attrs);
  const shifts = Array.from({ length: 600 }, (_, n) => 20 - (y[41 * n + 20] ?? 0));
  const mean = shifts.reduce((sum, shift) => sum + shift, 0) / 600;
  assert.ok(Math.abs(mean) < (5 * 20) / Math.sqrt(12 * 600), `mean ${mean}`);
  assert.ok(Math.min(...shifts) < -9.5 && Math.min(...shifts) >= -10);
  assert.ok(Math.max(...shifts) > 9.5 && Math.max(...shifts) <= 10);
  assert.equal(await warped(shape, x, attrs), y);
  assert.not.equal(await warped(shape, x, attrs, { ...DRAWS, seed: 12 }), y);
  assert.not.equal(await warped(shape, x, attrs, { ...DRAWS, stream: 4 }), y);
});

test("contrast, brightness and erasing, against float64 loops that draw the same", async () => {
  const shape: Shape4 = [40, 6, 5, 3];
  const x = Float32Array.from(randomArray(40 * 90, 5), (value) => Math.abs(value));
  const clip = [0, 0.9] as const;
  const at = (map: (image: number, place: number, channel: number, value: number) => number) =>
    Array.from(x, (value, i) => map(Math.floor(i / 90), Math.floor((i % 90) / 3), i % 3, value));
  const clipped = (value: number) => Math.min(0.9, Math.max(0, value));
  const mean = (image: number, channel: number) => {
    let sum = 0;
    for (let s = 0; s < 30; s++) sum += x[image * 90 + 3 * s + channel] ?? 0;
    return sum / 30;
  };
  const contrast = at((n, _, channel, value) => {
    const m = mean(n, channel);
    return clipped((value - m) * between([0.5, 1.5], drawn(n)[0] ?? 0) + m);
  });
  const brighten = at((n, _, __, value) =>
    clipped(value + 0.9 * between([-0.3, 0.3], drawn(n)[0] ?? 0)),
  );
  let erased = 0;
  const fill = [0.1, 0.2, 0.3] as const;
  const erase = at((n, place, channel, value) => {
    const [u0 = 0, u1 = 0, u2 = 0, u3 = 0, u4 = 0, u5 = 0] = drawn(n);
    const [wide, tall] = [
      5 * Math.sqrt(between([0.1, 0.4], u0)),
      6 * Math.sqrt(between([0.1, 0.4], u1)),
    ];
    const [left, top] = [u2 * (5 - wide), u3 * (6 - tall)];
    const [row, column] = [Math.floor(place / 5), place % 5];
    const isIn = column >= left && column < left + wide && row >= top && row < top + tall;
    if (!isIn || u5 >= between([0.3, 0.9], u4)) return value;
    erased++;
    return fill[channel] ?? 0;
  });
  assert.ok(erased > 100 && erased < 1800, `${erased}`);
  const cases = [
    [{ kind: "contrast", range: [0.5, 1.5], clip }, contrast],
    [{ kind: "brighten", range: [-0.3, 0.3], clip }, brighten],
    [{ kind: "erase", range: [0.3, 0.9], area: [0.1, 0.4], fill }, erase],
  ] as const;
  for (const [attrs, expected] of cases) {
    const actual = await toned(shape, x, attrs);
    assertClose({ label: attrs.kind, shape, actual, expected, tolerance: CLOSE });
  }
});

test("erasing by noise fills with normal numbers, within the clip", async () => {
  const attrs = { kind: "erase", range: [1, 1], area: [1, 1], fill: "noise" } as const;
  const y = await toned([4, 50, 50, 1], new Float32Array(10_000).fill(7), {
    ...attrs,
    clip: [-9, 1],
  });
  const mean = Array.from(y).reduce((sum, value) => sum + value, 0) / 10_000;
  // Cut at 1: −φ(1) + 1 − Φ(1).
  assert.ok(Math.abs(mean - (-0.24197 + 0.15866)) < 0.05, `${mean}`);
});

function recorder(): Recorder {
  const capabilities = { subgroupSize: null, isSoftware: true };
  return new Recorder({ name: "refused", capabilities });
}

test("settings that Keras refuses are refused by name, and so is a place behind weights", () => {
  const rec = recorder();
  const clock = rec.allocate([2], "clock", "u32");
  const net = new Net({ rec, variables: new Variables(1), training: true, clock });
  const x = rec.allocate([2, 4, 4, 3], "x");
  const build = (className: Augmentation, settings: LayerConfig) => () =>
    augmentation({ className, settings })(net, x);
  assert.throws(
    build("RandomRotation", { factor: 2 }),
    "RandomRotation: factor must be a number or two from -1 to 1, got 2",
  );
  assert.throws(build("RandomContrast", { factor: [-1, 0.5] }), "RandomContrast: factor must be");
  assert.throws(build("RandomFlip", { mode: "sideways" }), "RandomFlip: mode must be horizontal");
  assert.throws(
    build("RandomTranslation", { height_factor: 0.1 }),
    "RandomTranslation: width_factor must be a number or two from -1 to 1, got nothing",
  );
  assert.throws(
    build("AlphaDropout", { rate: 0.1, noise_shape: [1] }),
    "noise_shape must be left out",
  );
  const y = dense({ units: 3 })(net, x);
  assert.throws(() => randomFlip()(net, y), "RandomFlip: stands before every layer with weights");
});

test.run();

// What rounding of Winograd's convolutions adds up to over a whole network: VGG19's activations after sixteen convolutions, beside
// those of the ladders' order. Weights are uniform, as large as He's up to a factor a layer, which ReLU hands through.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RungTable } from "../../src/engine/core/rung-table.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { keyOfSolution } from "../../src/engine/ops/ladders.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { BACKBONES } from "../../src/models/backbones.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("vgg19 by winograd");

const SHAPE = [2, 32, 32, 3] as const;

/** The features, with a rung for every convolution that it fits; and how many those are. */
async function features(rung: string | null) {
  const device = (await gpu()).scope();
  const variables = new Variables(7);
  const x = device.tensor(SHAPE, "x", Float32Array.from(randomArray(2 * 32 * 32 * 3, 1)));
  const record = (rungTable: RungTable) => {
    const { subgroupSize, isSoftware } = device;
    const capabilities = { subgroupSize, isSoftware, rungTable };
    const rec = new Recorder({ name: "vgg19", capabilities });
    const net = new Net({ rec, variables, training: false, clock: null });
    const model = BACKBONES.vgg19.build({ inputShape: [32, 32, 3], includeTop: false });
    const y = model.build(net, x);
    rec.keep(y);
    return { y, program: rec.finish() };
  };
  const { solutions } = record(new RungTable()).program;
  const fitting = solutions.filter(({ fitting }) => rung !== null && fitting.includes(rung));
  const choices = fitting.map((solution) => [keyOfSolution(solution), rung ?? ""] as const);
  const { y, program } = record(new RungTable(new Map(choices)));
  variables.materialise(device);
  const executable = await Executable.compile(device, program);
  executable.run();
  const values = await executable.read(y);
  device.check();
  device.destroy();
  return { values, convolutions: fitting.length };
}

test("features are off by less than 1e-4 of the largest", async () => {
  const ordered = await features(null);
  const largest = ordered.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(largest > 0);
  const fitting = { winograd: 15, winograd4: 15, toeplitz: 4 };
  for (const [rung, count] of Object.entries(fitting)) {
    const { values, convolutions } = await features(rung);
    assert.is(
      convolutions,
      count,
      "all but the first, which has three channels; or those of 2×2 maps",
    );
    const error = values.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (ordered.values[at] ?? Number.NaN))),
      0,
    );
    assert.ok(error > 0 && error < 1e-4 * largest, `${rung}: ${error / largest}`);
  }
});

test.run();

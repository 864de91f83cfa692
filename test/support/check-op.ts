// The proof that every op owes: its forward pass against float64 loops written in the test, and its gradients against
// central differences of those same loops. No reference gradient is written by hand, so none can share our mistake.

import type { Device } from "../../src/engine/core/device.ts";
import { fromHalves } from "../../src/engine/core/half.ts";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, f32, type Tolerance } from "./close.ts";
import { gpu } from "./gpu.ts";
import { toHalves } from "./halves.ts";
import { randomArray } from "./random.ts";

export interface OpCase<Names extends string> {
  readonly label: string;
  readonly inputs: Readonly<
    Record<Names, { readonly shape: Shape; readonly values?: ArrayLike<number> }>
  >;
  /** Builds the op under test. */
  readonly build: (rec: Recorder, inputs: Readonly<Record<Names, Tensor>>) => Tensor;
  /** The same in float64: plain loops over row-major arrays. */
  readonly reference: (inputs: Readonly<Record<Names, Float64Array>>) => Float64Array;
  /** Inputs whose gradient is checked; all by default. */
  readonly gradients?: readonly Names[];
  /** Length of the longest sum, for the tolerance. */
  readonly sumLength?: number;
  readonly tolerance?: Tolerance;
  readonly rungs?: Readonly<Record<string, string>>;
  /** What the recording supposes of the device beyond what it can do; default nothing. */
  readonly capabilities?: Partial<Capabilities>;
  readonly seed?: number;
  /** Inputs that are stored as f16; dy is then too. Default none. */
  readonly halves?: readonly Names[];
}

const STEP = 1e-4;

/** Checks one case; throws with the worst element when it does not hold. */
export async function checkOp<Names extends string>(testCase: OpCase<Names>): Promise<void> {
  const device = await gpu();
  const { subgroupSize, isSoftware } = device;
  const names = Object.keys(testCase.inputs) as Names[];
  const values = {} as Record<Names, Float64Array>;
  const tensors = {} as Record<Names, Tensor>;
  for (const [index, name] of names.entries()) {
    const { shape, values: given } = testCase.inputs[name];
    // Rounded to float32 first, so that both sides start from the same numbers.
    const data = given ?? randomArray(sizeOf(shape), (testCase.seed ?? 1) * 100 + index);
    const stored = testCase.halves?.includes(name) ? "f16" : "f32";
    [tensors[name], values[name]] = placed(device, { shape, name, data, stored });
  }
  const rec = new Recorder({
    name: testCase.label,
    capabilities: { subgroupSize, isSoftware, ...testCase.capabilities },
    rungs: testCase.rungs ?? {},
  });
  const checked = testCase.gradients ?? names;
  for (const name of checked) rec.watch(tensors[name]);
  const y = testCase.build(rec, tensors);
  rec.keep(y);
  const stored = testCase.halves ? "f16" : "f32";
  const given = {
    shape: y.shape,
    name: "dy",
    data: randomArray(sizeOf(y.shape), 7),
    stored,
  } as const;
  const [dy, dyData] = placed(device, given);
  const gradients = recordGradients(rec, new Map([[y, dy]]));
  for (const name of checked) {
    const gradient = gradients.get(tensors[name]);
    if (!gradient) throw new Error(`${testCase.label}: no gradient for ${name}`);
    rec.keep(gradient);
  }
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const tolerance = testCase.tolerance ?? f32(testCase.sumLength ?? 1);
  assertClose({
    label: `${testCase.label} y`,
    shape: y.shape,
    actual: await executable.read(y),
    expected: testCase.reference(values),
    tolerance: storedAs(y, tolerance),
  });
  for (const name of checked) {
    const gradient = gradients.get(tensors[name]);
    if (!gradient) continue;
    assertClose({
      label: `${testCase.label} d${name}`,
      shape: tensors[name].shape,
      actual: await executable.read(gradient),
      expected: centralDifferences(testCase.reference, values, name, dyData),
      // A gradient sums over outputs, as many as the forward sum or more.
      tolerance: storedAs(
        gradient,
        testCase.tolerance ?? f32(4 * Math.max(testCase.sumLength ?? 1, 16)),
      ),
    });
  }
  device.check();
}

/** With half a step of f16 for what is rounded to it. */
function storedAs({ dtype }: Tensor, { relative, absolute }: Tolerance): Tolerance {
  return { relative: relative + (dtype === "f16" ? 2 ** -11 : 0), absolute };
}

interface Given {
  readonly shape: Shape;
  readonly name: string;
  readonly data: ArrayLike<number>;
  readonly stored: "f32" | "f16";
}

/** On the device, and what its numbers are once they are stored so. */
function placed(device: Device, { shape, name, data, stored }: Given): [Tensor, Float64Array] {
  if (stored === "f32") {
    const floats = Float32Array.from(data);
    return [device.tensor(shape, name, floats), Float64Array.from(floats)];
  }
  const halves = toHalves(data);
  return [device.tensor(shape, name, halves, "f16"), Float64Array.from(fromHalves(halves))];
}

/** d(Σ y·dy)/d(input), one element at a time, in float64. */
function centralDifferences<Names extends string>(
  reference: OpCase<Names>["reference"],
  values: Record<Names, Float64Array>,
  name: Names,
  dy: ArrayLike<number>,
): Float64Array {
  const loss = () => reference(values).reduce((sum, y, i) => sum + y * (dy[i] ?? 0), 0);
  const input = values[name];
  return input.map((value, i) => {
    input[i] = value + STEP;
    const up = loss();
    input[i] = value - STEP;
    const down = loss();
    input[i] = value;
    return (up - down) / (2 * STEP);
  });
}

// The exercise `leaky-relu` of docs/learn as a page grades it: the kernels alone, for the op around them is given.
//   y = x where x > 0, else slope · x     dx = dy where x > 0, else slope · dy

import type { Device } from "../../../engine/core/device.ts";
import { KernelError } from "../../../engine/core/errors.ts";
import { kernelFrom, shaderFrom } from "../../../engine/core/kernel.ts";
import { ceilDiv } from "../../../engine/core/shape.ts";
import type { Tensor } from "../../../engine/core/tensor.ts";
import type { Shader } from "../../../engine/core/wgsl.ts";
import { Executable } from "../../../engine/program/executor.ts";
import type { Grid } from "../../../engine/program/program.ts";
import { linearGrid, Recorder } from "../../../engine/program/recorder.ts";
import { compare } from "../../verify/compare.ts";
import { type Expected, within } from "../../verify/reference/reference.ts";
import type { EditCheck, EditTrial } from "../edit-trial.ts";
import { outcomeOf } from "../try-edit.ts";

/** What the exercise begins with: a ReLU, for which a unit dies. */
export const LEAKY_RELU: Shader = shaderFrom(
  "exercises/leaky-relu",
  `// Leaky ReLU, element by element: a part of what is negative passes, so that no unit dies.
//   y = x where x > 0, else slope · x     dx = dy where x > 0, else slope · dy
//   x, y, dy, dx: any shape, the same
// So far it is a ReLU.

struct Params {
  vectors: u32,  // vec4 words in each tensor
  stride: u32,   // from one word of an invocation to its next
  slope: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

struct Invocation {
  @builtin(workgroup_id) wg: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
}

// A dispatch has at most 65,535 workgroups along a dimension: many are folded into rows.
fn linear_index(id: Invocation) -> u32 {
  return (id.wg.y * id.groups.x + id.wg.x) * 64u + id.local;
}

@compute @workgroup_size(64)
fn forward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    y[i] = select(vec4f(0.0), x[i], x[i] > vec4f(0.0));
  }
}

@compute @workgroup_size(64)
fn backward(id: Invocation) {
  let first = linear_index(id);
  if (first >= params.stride) { return; }
  for (var i = first; i < params.vectors; i += params.stride) {
    dx[i] = select(vec4f(0.0), dy[i], x[i] > vec4f(0.0));
  }
}
`,
);

interface Case {
  readonly what: string;
  readonly slope: number;
  readonly x: readonly number[];
  /** Words from one of an invocation to its next; default: each has one. */
  readonly stride?: number;
  /** Default: in one row. */
  readonly grid?: Grid;
}

const CASES: readonly Case[] = [
  ...[1, 15, 210, 1031].flatMap((count) =>
    [0.3, 0.01, 1, 2].map((slope) => ({
      what: `${count} elements, slope ${slope}`,
      ...{ slope, x: signedNumbers(count) },
    })),
  ),
  { what: "1031 elements, 3 invocations", slope: 0.3, x: signedNumbers(1031), stride: 3 },
  { what: "a grid of 2 by 3", slope: 0.3, x: signedNumbers(1400), grid: [2, 3, 1] },
  { what: "a NaN passes", slope: 0.5, x: [1, Number.NaN, -2, Number.NaN, -3] },
  {
    what: "infinities keep their sign",
    ...{ slope: 0.5, x: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1] },
  },
];

/** The verdict on a text of the exercise. */
export async function gradeLeakyRelu(device: Device, shader: Shader): Promise<EditTrial> {
  const trial = device.scope({ ownKernels: true });
  try {
    // The first compiles what is edited then.
    const [first, ...others] = CASES;
    const checks = first ? await checkCase(trial, first, shader) : [];
    for (const one of others) checks.push(...(await checkCase(trial, one, shader)));
    return outcomeOf({ shader }, { checks });
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return outcomeOf({ shader }, { faults: error.faults, words: error.message });
  } finally {
    trial.destroy();
  }
}

async function checkCase(trial: Device, given: Case, shader: Shader): Promise<EditCheck[]> {
  const device = trial.scope();
  try {
    const { x, slope } = given;
    const dy = signedNumbers(x.length, 2);
    const nothing = new Float32Array(x.length).fill(Number.NaN);
    const tensor = (label: string, values: readonly number[] | Float32Array<ArrayBuffer>) =>
      device.tensor([x.length], label, Float32Array.from(values));
    const of = {
      ...{ x: tensor("x", x), dy: tensor("dy", dy) },
      ...{ y: tensor("y", nothing), dx: tensor("dx", nothing) },
    };
    const executable = await compiled(device, given, of);
    await trial.kernels.edit(shader);
    executable.run();
    const slopeOf = (at: number) => ((x[at] ?? 0) > 0 ? 1 : Math.fround(slope));
    const checkOf = async (entry: string, out: Tensor, ins: readonly number[]) => {
      const got = new Float32Array(await device.read(out), 0, x.length);
      const expectedAt = (at: number): Expected =>
        within(slopeOf(at) * Math.fround(ins[at] ?? 0), 1);
      const found = compare(got, got.keys(), expectedAt);
      return {
        ...{ where: "awkward" as const, of: `leaky-relu/${entry}`, what: given.what },
        ...{ tensor: out.label, against: "float64" as const, ...found },
      };
    };
    return [await checkOf("forward", of.y, x), await checkOf("backward", of.dx, dy)];
  } finally {
    device.destroy();
  }
}

/** With the kernels as the exercise begins. */
function compiled(
  device: Device,
  { x: { length }, slope, stride: asked, grid }: Case,
  { x, y, dy, dx }: Readonly<Record<"x" | "y" | "dy" | "dx", Tensor>>,
): Promise<Executable> {
  const rec = new Recorder({ name: "leaky-relu", capabilities: device });
  const vectors = ceilDiv(length, 4);
  const stride = asked ?? vectors;
  const common = {
    ...{ op: "leaky-relu", grid: grid ?? linearGrid(stride, 64) },
    params: { vectors, stride, slope },
  };
  rec.dispatch({ ...common, kernel: kernelFrom(LEAKY_RELU, "forward"), bind: { x, y } });
  rec.dispatch({ ...common, kernel: kernelFrom(LEAKY_RELU, "backward"), bind: { x, dy, dx } });
  return Executable.compile(device, rec.finish());
}

/** Of both signs, none of them 0; the same every time. */
function signedNumbers(count: number, seed = 1): readonly number[] {
  let state = 0x9e3779b9 ^ seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const value = state / 2 ** 31 - 1;
    return Math.fround(4 * value + Math.sign(value) / 8);
  });
}

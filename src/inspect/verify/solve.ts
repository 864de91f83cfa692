// Solves a recorded problem again, on another rung and on other values, apart from the step that it comes from.

import type { Device } from "../../engine/core/device.ts";
import { toHalves } from "../../engine/core/half.ts";
import type { RungTable } from "../../engine/core/rung-table.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { solveAgain } from "../../engine/ops/ladders.ts";
import { Executable } from "../../engine/program/executor.ts";
import {
  type Capabilities,
  capabilitiesOf,
  type Program,
  type Solution,
} from "../../engine/program/program.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import { type Values, valuesOf } from "../walk.ts";
import type { Product } from "./reference/product.ts";
import { resultsOf } from "./reference/products.ts";

export interface StandRequest {
  readonly solution: Solution;
  readonly product: Product;
  readonly values: (tensor: Tensor) => Values;
  /** The same with Σ|a·b| in place of the result: the magnitudes of the inputs, and no activation. */
  readonly magnitudes?: boolean;
}

export interface SolveRequest extends StandRequest {
  readonly rung: string;
  /** Which of the product's results; default: its own. */
  readonly of?: Product;
}

/** A problem by itself on a scope of the device: copies of its inputs, and room for the results, for as many rungs as are tried. */
export class Stand {
  readonly #outs: ReadonlyMap<Product, Tensor>;
  readonly #device: Device;
  readonly #ladder: string;
  readonly #problem: object;

  constructor(device: Device, { solution, product, values, magnitudes = false }: StandRequest) {
    this.#device = device.scope();
    const tensors = new Map<Tensor, Tensor>();
    for (const tensor of product.inputs) {
      const data = values(tensor);
      const { shape, label, dtype } = tensor;
      const given = magnitudes ? withoutSigns(data) : data;
      const stored = dtype === "f16" ? toHalves(given) : given;
      tensors.set(tensor, this.#device.tensor(shape, label, stored, dtype));
    }
    const outs = new Map<Product, Tensor>();
    for (const one of resultsOf(product)) {
      const { shape, label, dtype } = one.out;
      const out = this.#device.tensor(shape, label, undefined, dtype);
      outs.set(one, out);
      tensors.set(one.out, out);
    }
    this.#outs = outs;
    this.#ladder = solution.ladder;
    this.#problem = replaced(solution.problem, tensors, magnitudes) as object;
  }

  get capabilities(): Capabilities {
    return capabilitiesOf(this.#device);
  }

  /** What solves it on the rung, or on the one that the ladder chooses; with a table of its own, or the device's. */
  record(rung: string | null, rungTable: RungTable = this.#device.rungTable): Program {
    const rec = new Recorder({
      name: rung === null ? this.#ladder : `${this.#ladder}.${rung}`,
      capabilities: { ...this.capabilities, rungTable },
      rungs: rung === null ? {} : { [this.#ladder]: rung },
    });
    solveAgain(rec, { ladder: this.#ladder, problem: this.#problem });
    return rec.finish();
  }

  compile(program: Program): Promise<Executable> {
    return Executable.compile(this.#device, program);
  }

  /** Fills the results with NaN, so that an element that a kernel leaves out shows. */
  poison(): void {
    for (const out of this.#outs.values()) {
      // Of f16, each half of such a word is one too.
      this.#device.write(out, new Uint32Array(out.storage.bytes / 4).fill(0x7fc07fc0));
    }
  }

  async result(executable: Executable, of: Product): Promise<Values> {
    const out = this.#outs.get(of);
    if (!out) throw new Error(`solve: ${of.out.label} is no result of ${this.#ladder}`);
    return valuesOf(await executable.readBytes(out), out);
  }

  close(): void {
    this.#device.destroy();
  }
}

/** The result on the rung; nothing that the step holds is read or written. */
export function solveOn(device: Device, request: SolveRequest): Promise<Values> {
  return solvedAlone(device, request, async (executable, stand) => {
    executable.run();
    return stand.result(executable, request.of ?? request.product);
  });
}

/** Lets `use` run the problem alone, on the rung and on copies of the values, as often as it likes. */
export async function solvedAlone<Result>(
  device: Device,
  request: SolveRequest,
  use: (executable: Executable, stand: Stand) => Promise<Result>,
): Promise<Result> {
  const stand = new Stand(device, request);
  try {
    return await use(await stand.compile(stand.record(request.rung)), stand);
  } finally {
    stand.close();
  }
}
function withoutSigns(data: Values): Float32Array<ArrayBuffer> {
  return Float32Array.from(data, Math.abs);
}

/** A problem with other tensors in it; and where magnitudes are asked for, without its activation. */
function replaced(
  value: unknown,
  tensors: ReadonlyMap<Tensor, Tensor>,
  magnitudes: boolean,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  const tensor = tensors.get(value as Tensor);
  if (tensor) return tensor;
  const entries = Object.entries(value).map(([key, inner]) =>
    magnitudes && key === "activation"
      ? [key, "linear"]
      : [key, replaced(inner, tensors, magnitudes)],
  );
  return Object.fromEntries(entries);
}

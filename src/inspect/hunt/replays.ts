// Replays a step until its numbers stop being numbers, and stands then before the step that did it. What a step leaves is
// counted on the device; the state is kept there too, so that a replay costs a copy and a read-back of four bytes.

import type { Device } from "../../engine/core/device.ts";
import { rootStorage, type Storage, type Tensor } from "../../engine/core/tensor.ts";
import { countNonFinite } from "../../engine/ops/count-non-finite.ts";
import { Executable } from "../../engine/program/executor.ts";
import { type Program, tensorsOf } from "../../engine/program/program.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import type { Supply } from "../../train/rows/row-stream.ts";
import { stateStorages, wholeOf } from "../../train/step-state.ts";

/** Steps that are replayed at once; where one of them is odd, they are taken back and replayed one by one. */
const CHUNK = 16;

export interface ReplayOptions {
  readonly steps?: number;
  readonly onStep?: (step: number, steps: number) => void;
  readonly signal?: AbortSignal;
  /** Brings the rows of the next steps; default: they are there. */
  readonly supply?: Supply;
}

export class Replays {
  readonly #scope: Device;
  /** What a step leaves, and a copy of each. */
  readonly #kept: readonly { readonly tensor: Tensor; readonly copy: Tensor }[];
  readonly #watch: Executable;
  readonly #counts: Tensor;

  private constructor(
    scope: Device,
    parts: {
      readonly kept: readonly { readonly tensor: Tensor; readonly copy: Tensor }[];
      readonly watch: Executable;
      readonly counts: Tensor;
    },
  ) {
    this.#scope = scope;
    this.#kept = parts.kept;
    this.#watch = parts.watch;
    this.#counts = parts.counts;
  }

  static async of(device: Device, program: Program): Promise<Replays> {
    const scope = device.scope();
    const kept = stateStorages(program).map((storage) => {
      const tensor = wholeOf(storage);
      return { tensor, copy: scope.tensor(tensor.shape, `${tensor.label}.copy`) };
    });
    const counts = scope.tensor([1], "counts", undefined, "u32");
    const rec = new Recorder({ name: "watch", capabilities: device });
    const integers = integersOf(program);
    for (const { tensor } of kept) {
      if (!integers.has(tensor.storage)) countNonFinite(rec, tensor, counts);
    }
    const watch = await Executable.compile(scope, rec.finish());
    return new Replays(scope, { kept, watch, counts });
  }

  /**
   * The number, from 1, of the first step that leaves, or finds, something not finite; the state is the one before it. Null
   * where there is none among the first `steps`.
   */
  async firstOdd(executable: Executable, options: ReplayOptions = {}): Promise<number | null> {
    const { steps = 1, onStep, signal, supply } = options;
    await supply?.bring(0, 1);
    if (!(await this.#isFinite())) return 1;
    let done = 0;
    let most = Math.min(CHUNK, supply?.most ?? CHUNK);
    while (done < steps) {
      signal?.throwIfAborted();
      const count = Math.min(most, steps - done);
      this.#save();
      await supply?.bring(done, count);
      executable.run(count);
      if (await this.#isFinite()) done += count;
      else {
        this.#takeBack();
        if (count === 1) return done + 1;
        most = 1;
      }
      onStep?.(done, steps);
    }
    return null;
  }

  dispose(): void {
    this.#scope.destroy();
  }

  async #isFinite(): Promise<boolean> {
    this.#scope.write(this.#counts, new Uint32Array(4));
    this.#watch.run();
    const [found] = new Uint32Array(await this.#scope.read(this.#counts));
    return found === 0;
  }

  #save(): void {
    for (const { tensor, copy } of this.#kept) this.#copy(tensor, copy);
  }

  #takeBack(): void {
    for (const { tensor, copy } of this.#kept) this.#copy(copy, tensor);
  }

  #copy(from: Tensor, to: Tensor): void {
    const { placeOf } = this.#scope;
    this.#scope.copy(placeOf.call(this.#scope, from), from.storage.bytes, to, 0);
  }
}

/** Storages of integers, whose bits mean something else. */
function integersOf({ dispatches }: Program): ReadonlySet<Storage> {
  const tensors = dispatches.flatMap(tensorsOf);
  return new Set(tensors.filter(({ dtype }) => dtype !== "f32").map(rootStorage));
}

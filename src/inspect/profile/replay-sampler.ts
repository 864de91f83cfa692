// Times a step's dispatches where there are no timestamps: each is replayed alone, as often in one submit as fills a few
// milliseconds, by the host's clock. One sample goes through the step in its own order, so that each finds its inputs.

import type { Device } from "../../engine/core/device.ts";
import type { Executable } from "../../engine/program/executor.ts";
import type { Sampler, SamplerRequest } from "./step-samples.ts";

/** Milliseconds that the replays of one dispatch should fill. */
const SAMPLE_MS = 4;
const MOST_REPLAYS = 200;

export function replaySampler({ step, empty }: SamplerRequest): Sampler {
  const { device, executable } = step;
  const timed = executable.dispatches.map(({ id }) => new Replayed(device, executable, id));
  const nothing = new Replayed(device, empty, 0);
  return {
    method: "replays",
    async sample() {
      const ms: number[] = [];
      for (const one of timed) ms.push(await one.time());
      return { ms, starts: null, emptyMs: await nothing.time() };
    },
    close: () => undefined,
  };
}

class Replayed {
  readonly #device: Device;
  readonly #executable: Executable;
  readonly #id: number;
  /** Found by the first sample; the first of all may compile. */
  #replays = 0;

  constructor(device: Device, executable: Executable, id: number) {
    this.#device = device;
    this.#executable = executable;
    this.#id = id;
  }

  /** Milliseconds of one replay. */
  async time(): Promise<number> {
    if (this.#replays === 0) {
      await this.#run(1);
      const single = await this.#run(1);
      this.#replays = Math.max(1, Math.min(MOST_REPLAYS, Math.round(SAMPLE_MS / single)));
    }
    return (await this.#run(this.#replays)) / this.#replays;
  }

  async #run(times: number): Promise<number> {
    const encoder = this.#device.handle.createCommandEncoder({ label: "replays" });
    const pass = encoder.beginComputePass();
    for (let time = 0; time < times; time++) this.#executable.encode(pass, this.#id);
    pass.end();
    const start = performance.now();
    this.#device.submit(encoder);
    await this.#device.settle();
    return performance.now() - start;
  }
}

// Whether the variants of a rung give its bits on numbers whose sums round: choosing a tile must not change what a network learns.

import type { Device } from "../../src/engine/core/device.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { rungOfName } from "../../src/engine/program/ladder.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { randomArray } from "../support/random.ts";
import { type BenchProblem, type Room, waysOf } from "./check-case.ts";

export interface BitsRequest {
  readonly device: Device;
  readonly ladder: string;
  readonly problem: BenchProblem;
  readonly capabilities: Capabilities;
}

export interface BitsResult {
  /** Variants. */
  readonly tried: number;
  readonly faults: readonly string[];
}

export async function checkBits(request: BitsRequest): Promise<BitsResult> {
  const { ladder, problem, capabilities } = request;
  const { variants } = waysOf(problem, ladder, capabilities);
  const usual = new Map<string, Uint32Array>();
  const faults: string[] = [];
  for (const variant of variants) {
    const rung = rungOfName(variant);
    const expected = usual.get(rung) ?? (await bitsOn(rung, request));
    usual.set(rung, expected);
    const bits = await bitsOn(variant, request);
    const at = bits.findIndex((word, index) => word !== expected[index]);
    if (at >= 0) faults.push(`${variant} has other bits than ${rung}, first at [${at}]`);
  }
  return { tried: variants.length, faults };
}

async function bitsOn(rung: string, request: BitsRequest): Promise<Uint32Array> {
  const { ladder, problem, capabilities } = request;
  const device = request.device.scope();
  try {
    const rec = new Recorder({ name: problem.label, capabilities, rungs: { [ladder]: rung } });
    const room: Room = {
      tensor(shape, label, data) {
        const seed = label.charCodeAt(0);
        if (!data) return device.tensor(shape, label);
        return device.tensor(shape, label, Float32Array.from(randomArray(sizeOf(shape), seed)));
      },
    };
    const [wanted] = problem.record(rec, room);
    if (!wanted) throw new Error(`same-bits: ${problem.label} wants nothing`);
    const executable = await Executable.compile(device, rec.finish());
    executable.run();
    const { buffer } = await executable.read(wanted.tensor);
    return new Uint32Array(buffer);
  } finally {
    device.destroy();
  }
}

// A recorded step with a fault in it, for tests of whoever looks for faults: one shader's text with some words replaced, put
// in the place of the right one. A program is plain data, and kernels are compiled from their text.

import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import type { Shader } from "../../src/engine/core/wgsl.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Dispatch, Program } from "../../src/engine/program/program.ts";
import { Workspace } from "../../src/engine/program/workspace.ts";

export interface Fault {
  /** Label of the kernel that goes wrong. */
  readonly kernel: string;
  /** Words of its shader, and what stands in their place, in as many lines. */
  readonly from: string;
  readonly to: string;
  /** Which of its dispatches; default all. */
  readonly where?: (dispatch: Dispatch) => boolean;
}

/** The program with the fault; fails where there is no such kernel or no such text. */
export function plantFault(program: Program, { kernel: label, ...fault }: Fault): Program {
  const { from, to, where = () => true } = fault;
  const faulty = new Map<Shader, Shader>();
  const dispatches = program.dispatches.map((dispatch) => {
    const { kernel } = dispatch;
    if (kernel.label !== label || !where(dispatch)) return dispatch;
    const { file, text } = kernel.shader;
    assert.ok(text.includes(from), `${file} has the text ${from}`);
    const shader = faulty.get(kernel.shader) ?? { ...kernel.shader, text: text.replace(from, to) };
    faulty.set(kernel.shader, shader);
    return { ...dispatch, kernel: { ...kernel, shader } };
  });
  assert.ok(faulty.size > 0, `the program dispatches ${label}`);
  return { ...program, dispatches };
}

/** A program on a device where its persistent tensors have their places, to be looked at tensor by tensor. */
export function compileForLooking(device: Device, program: Program): Promise<Executable> {
  return Executable.compile(device, program, new Workspace(device), { sharesSlots: false });
}

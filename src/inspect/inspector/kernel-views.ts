// Kernels as they are written and as they are compiled, each once.

import { describeKernel, type Kernel } from "../../engine/core/kernel.ts";
import { placesOf, type Shader, specialisedPlaces } from "../../engine/core/wgsl.ts";
import type { Dispatch } from "../../engine/program/program.ts";
import type { KernelView } from "./inspector-document.ts";

export interface KernelViews {
  readonly views: readonly KernelView[];
  /** Index into the views. */
  indexOf(kernel: Kernel): number;
}

/** `edits`: shaders that stand in for files on the device. */
export function kernelViews(
  dispatches: readonly Dispatch[],
  edits: ReadonlyMap<string, Shader> = new Map(),
): KernelViews {
  const places = new Map<string, number>();
  const views: KernelView[] = [];
  for (const { kernel } of dispatches) {
    const key = keyOf(kernel);
    if (places.has(key)) continue;
    places.set(key, views.length);
    views.push(viewOf({ ...kernel, shader: edits.get(kernel.shader.file) ?? kernel.shader }));
  }
  return { views, indexOf: (kernel) => places.get(keyOf(kernel)) ?? 0 };
}

function keyOf(kernel: Kernel): string {
  return `${kernel.label}\n${describeKernel(kernel).text}`;
}

function viewOf(kernel: Kernel): KernelView {
  const { label, shader, entry, flags = {}, constants = {} } = kernel;
  const compiled = new Set(
    specialisedPlaces(shader, flags, constants).map(({ file, line }) => `${file}:${line}`),
  );
  const lines = shader.text.split("\n");
  const written = placesOf(shader).map(({ file, line }, index) => {
    const text = lines[index] ?? "";
    const isCompiled = compiled.has(`${file}:${line}`) && !SWITCH.test(text);
    return { file, line, text, isCompiled };
  });
  return { label, entry, written, compiled: describeKernel(kernel).text, flags, constants };
}

/** What a switch leaves of its own lines is an empty comment. */
const SWITCH = /^\s*\/\/#(if|elif|else|endif)\b/;

// A kernel whose shader was edited: the same entry point with the same switches and constants, of another text. Programs that are compiled
// have bound its tensors and written its Params by then, so the text may ask for no others.

import { KernelError, VitrineError } from "./errors.ts";
import { type CompiledKernel, describeKernel } from "./kernel.ts";
import type { Binding, ParamField, Shader } from "./wgsl.ts";

/** With the bindings of the written one, whose layout it is compiled for. Throws KernelError for a text that does not fit it. */
export function editedKernel(written: CompiledKernel, edit: Shader): CompiledKernel {
  const kernel = { ...written.kernel, shader: edit };
  const edited = described(written, edit);
  for (const binding of edited.bindings) checkBinding(written, edit, binding);
  // Fields are found by their offsets alone.
  const fields = edited.params.map(wordsOf);
  const given = written.params.map(wordsOf);
  if (fields.some((field, index) => field !== given[index])) {
    throw unfit(written, edit, {
      at: /struct Params\b/,
      rule: `Params keeps its fields, ${given.join(", ")}, and their order`,
      got: fields.join(", "),
    });
  }
  return { kernel, text: edited.text, bindings: written.bindings, params: written.params };
}

/** Throws KernelError where the entry point, a switch or a constant is gone, or switches do not close. */
function described({ kernel }: CompiledKernel, edit: Shader): CompiledKernel {
  try {
    return describeKernel({ ...kernel, shader: edit });
  } catch (cause) {
    const { message, help } = cause instanceof VitrineError ? cause : worded(kernel.label, cause);
    const fault = { kernel: kernel.label, file: edit.file, line: null, column: 1, message };
    throw new KernelError(message, { cause, faults: [fault], ...(help ? { help } : {}) });
  }
}

function worded(label: string, cause: unknown) {
  const got = cause instanceof Error ? cause.message : String(cause);
  return {
    message: `kernel ${label}: switches open with //#if and close with //#endif, got ${got}`,
    help: undefined,
  };
}

function checkBinding(written: CompiledKernel, edit: Shader, binding: Binding): void {
  const { name, index } = binding;
  const given = written.bindings.find((one) => one.name === name);
  const fits = given?.index === index && given.kind === binding.kind;
  // A tensor that is only read may be read by others at the same time, or later.
  if (fits && (given.access !== "read" || binding.access === "read")) return;
  const asked = `${name} at ${index} to ${binding.access ?? "take Params"}`;
  throw unfit(written, edit, {
    at: new RegExp(`var<[^>]*>\\s*${name}\\b`),
    rule: `is given ${written.bindings.map(givenWords).join(", ")}`,
    got: given && fits ? `${name} written as well` : asked,
  });
}

function givenWords({ name, index, access }: Binding): string {
  return `${name} at ${index} to ${access ?? "take Params"}`;
}

function wordsOf({ name, type }: ParamField): string {
  return `${name}: ${type}`;
}

interface Misfit {
  /** What stands on the line that is to blame. */
  readonly at: RegExp;
  readonly rule: string;
  readonly got: string;
}

function unfit({ kernel }: CompiledKernel, edit: Shader, { at, rule, got }: Misfit): KernelError {
  const message = `kernel ${kernel.label}: ${rule}, got ${got}`;
  const index = edit.text.split("\n").findIndex((line) => at.test(line));
  const line = index < 0 ? null : index + 1;
  const fault = { kernel: kernel.label, file: edit.file, line, column: 1, message };
  return new KernelError(message, { faults: [fault] });
}

// Words the errors of kernels that do not compile: what is wrong, where in which file, and the lines around it.

import { KernelError, type KernelFault } from "./errors.ts";
import type { CompiledKernel } from "./kernel.ts";
import { type Place, placesOf, type Shader, specialisedPlaces } from "./wgsl.ts";

export function compileError(
  { kernel }: CompiledKernel,
  messages: readonly GPUCompilationMessage[],
  cause: unknown,
): KernelError {
  const { label, shader, flags = {}, constants = {} } = kernel;
  const places = specialisedPlaces(shader, flags, constants);
  const told = messages.map(({ lineNum, linePos, type, message }) => {
    const { file, line } = places[lineNum - 1] ?? { file: shader.file, line: lineNum };
    return { kernel: label, file, line, column: linePos, type, message };
  });
  const errors = told.filter(({ type }) => type === "error");
  const text = [
    `kernel ${label}: does not compile, got ${cause}`,
    ...told.map((one) => `  ${one.file}:${one.line}:${one.column} ${one.type}: ${one.message}`),
    `  with ${JSON.stringify({ ...flags, ...constants })}`,
    ...linesAround(shader, errors[0] ?? places[0]),
  ].join("\n");
  const faults = errors.map(({ type: _, ...fault }): KernelFault => fault);
  return new KernelError(text, { cause, faults });
}

/** Five lines on either side of a place, as they stand in its file: before the switches. */
function linesAround(shader: Shader, place: Place | undefined): readonly string[] {
  const lines = shader.text.split("\n");
  return placesOf(shader).flatMap(({ file, line }, index) => {
    if (file !== place?.file || Math.abs(line - place.line) > 5) return [];
    return [`${line === place.line ? ">" : " "}${String(line).padStart(5)} ${lines[index]}`];
  });
}

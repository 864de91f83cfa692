// A kernel's text with a guard: a number on the device that says whether it does anything. So a step that is recorded once can
// leave its update out, and nobody reads back whether it does.

import { VitrineError } from "./errors.ts";
import { closingAt, withoutComments } from "./wgsl.ts";

/** What the guard is bound as: (1) u32, not 0 where the kernel is to do nothing. */
export const GUARD = "guard_of_step";

/** More than kernels have bindings. */
const GUARD_BINDING = 31;

/** The text with the entry point guarded; lines stay where they are, and the guard is declared behind them. */
export function withGuard(text: string, entry: string, where: string): string {
  const code = withoutComments(text);
  const head = new RegExp(`\\bfn\\s+${entry}\\s*\\(`).exec(code);
  if (!head) throw new VitrineError(`${where}: the shader has no entry point ${entry}`);
  const body = code.indexOf("{", closingAt(code, head.index + head[0].length - 1)) + 1;
  const leave = ` if (${GUARD}[0] != 0u) { return; }`;
  const binding = `@group(0) @binding(${GUARD_BINDING}) var<storage, read> ${GUARD}: array<u32>;`;
  return `${text.slice(0, body)}${leave}${text.slice(body)}\n${binding}\n`;
}

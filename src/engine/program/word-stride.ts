// How the words of a flat tensor are dealt out to invocations, for kernels that go over a tensor word by word.
import type { Capabilities } from "./program.ts";

/** Invocations that keep a software adapter busy; it pays for each about as much as for handling a word. */
const SOFTWARE_INVOCATIONS = 1024;

/**
 * Number of invocations for `words` words, and so the distance from one word of an invocation to its next: one word
 * each, except where invocations are dear.
 */
export function wordStride(rec: { readonly capabilities: Capabilities }, words: number): number {
  return rec.capabilities.isSoftware ? Math.min(words, SOFTWARE_INVOCATIONS) : words;
}

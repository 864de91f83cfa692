// Dawn prints two warnings about its own limits on every start; they say nothing to anybody, so they are left out of
// what a command writes to stderr. Everything else passes through at once, whole lines or not.

const WARNING = /^Warning: maxDynamic\w+ artificially reduced from .*\n/gm;
const START = "Warning: maxDynamic";

/**
 * A function that takes pieces of text as they come and returns what may be printed of them; without a piece, what it
 * still holds back.
 * @returns {(piece?: string) => string}
 */
export function withoutDawnWarnings() {
  let held = "";
  return (piece) => {
    const text = (held + (piece ?? "")).replaceAll(WARNING, "");
    const lineStart = text.lastIndexOf("\n") + 1;
    const last = text.slice(lineStart);
    const mayBeWarning = last !== "" && (last.startsWith(START) || START.startsWith(last));
    held = piece !== undefined && mayBeWarning ? last : "";
    return held === "" ? text : text.slice(0, lineStart);
  };
}

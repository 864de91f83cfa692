// What went wrong, out of what libhdf5 says of it. Plain JavaScript, since its threads read it as well (guard.mjs).

/**
 * libhdf5 tells its whole stack, outermost function first: `… #005: H5Oint.c line 1033 in H5O__open(): text major: …`.
 * The innermost function's text is what happened; where several stacks were told, the first is the cause of the others.
 * @param {string} message
 */
export function innermostError(message) {
  const [first = ""] = message.split("HDF5-DIAG:").filter((stack) => stack.trim() !== "");
  const innermost = first.split(/#\d{3}: /).at(-1) ?? "";
  const [text = ""] = innermost.replace(/^.*?\(\): /s, "").split(/\s+major: /);
  return text.trim().replaceAll(/\s+/g, " ").slice(0, 200);
}

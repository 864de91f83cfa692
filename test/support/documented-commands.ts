// Commands that a Markdown file shows: lines of its `sh` fences, and code in the text that starts with npm or node.

import { readFileSync } from "node:fs";

/** Each once, in order; comments, and what stands for something left out, are not part of them. */
export function documentedCommands(path: string): readonly string[] {
  const text = readFileSync(path, "utf8");
  const fences = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)];
  const lines = fences.flatMap(({ 1: body = "" }) => body.split("\n"));
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  const code = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  const shown = [...lines, ...code].map((line) => line.replace(/\s+#.*$/, "").trim());
  return [...new Set(shown.filter((line) => /^(npm (run|test)\b|node )/.test(line)))];
}

/** The words of a command line; quotes hold words together. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
}

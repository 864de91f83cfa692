// Where in somebody's code a function of ours was called, as the platform's stack traces tell it.

const FRAME = /^\s*at (?:.*\()?(.*?):(\d+):\d+\)?$/;

/**
 * `file:line` of the nearest caller outside of the folder `own` (a URL that ends in `/`); null where the stack does not
 * tell: engines that word it otherwise, and bundles, in which our code and theirs are one file.
 */
export function callSite(own: string): string | null {
  const path = pathOf(own);
  for (const line of new Error().stack?.split("\n") ?? []) {
    const [, file, number] = FRAME.exec(line) ?? [];
    if (file === undefined || file.endsWith("/core/call-site.ts")) continue;
    const at = pathOf(file);
    if (at.startsWith(path)) continue;
    return /^(node:|<|internal)/.test(at) ? null : `${at}:${number}`;
  }
  return null;
}

function pathOf(url: string): string {
  return url.startsWith("file://") ? decodeURI(url.slice("file://".length)) : url;
}

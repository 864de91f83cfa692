// WGSL with light colours, a gutter of files and lines, and what the switches leave out dimmed.

import type { KernelView, SiteView } from "../../inspect/inspector/inspector-document.ts";
import { element } from "../client/dom.ts";

const TOKEN =
  /(?<comment>\/\/.*$)|(?<attribute>@\w+)|(?<number>\b(?:0x[\da-fA-F]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?)[iufh]?\b)|(?<keyword>\b(?:fn|let|var|const|struct|if|else|for|while|loop|return|switch|case|break|continue|override|true|false)\b)|(?<type>\b(?:f32|u32|i32|bool|vec[234][fuih]?|mat\d+x\d+f?|array|atomic|ptr)\b)/gm;

function coloured(line: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    parts.push(line.slice(at, match.index));
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0];
    parts.push(element("span", { class: `t-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  parts.push(line.slice(at));
  return parts;
}

interface CodeLine {
  readonly gutter: string;
  readonly text: string;
  readonly isDim?: boolean;
  readonly isMarked?: boolean;
}

function codeBlock(lines: readonly CodeLine[], label: string): HTMLElement {
  const rows = lines.map(({ gutter, text, isDim = false, isMarked = false }) =>
    element(
      "div",
      { class: `line${isDim ? " dim" : ""}${isMarked ? " marked" : ""}` },
      element("span", { class: "gutter" }, gutter),
      element("code", {}, ...coloured(text)),
    ),
  );
  return element(
    "div",
    { class: "code", tabindex: 0, role: "group", "aria-label": label },
    ...rows,
  );
}

/** As it stands in its files: what this kernel does not compile is dim. */
export function writtenCode({ written, label }: KernelView): HTMLElement {
  let file = "";
  const lines = written.map((line) => {
    const head = line.file === file ? "" : `${line.file}:`;
    file = line.file;
    return { gutter: `${head}${line.line}`, text: line.text, isDim: !line.isCompiled };
  });
  return codeBlock(lines, `${label} as written`);
}

export function compiledCode({ compiled, label }: KernelView): HTMLElement {
  const lines = compiled.split("\n").map((text, index) => ({ gutter: String(index + 1), text }));
  return codeBlock(lines, `${label} as compiled`);
}

/** The line of the model that made a layer, with those around it. */
export function siteCode({ site, firstLine, lines }: SiteView): HTMLElement {
  const at = Number(site.split(":").at(-1));
  const shown = lines.map((text, index) => {
    const line = firstLine + index;
    return { gutter: String(line), text, isMarked: line === at };
  });
  return codeBlock(shown, site);
}

// WGSL in its kinds of words, line by line, as far as colours need them.

export type WordKind =
  | "comment"
  | "switch"
  | "keyword"
  | "type"
  | "number"
  | "attribute"
  | "call"
  | "plain";

export interface Word {
  readonly kind: WordKind;
  readonly text: string;
}

const KEYWORDS =
  "alias|break|case|const|const_assert|continue|continuing|default|diagnostic|discard|else|enable|false|fn|for|if|let|loop|override|requires|return|struct|switch|true|var|while";
const TYPES =
  "bool|f16|f32|i32|u32|vec[234][fhiu]?|mat[234]x[234][fh]?|array|atomic|ptr|storage|uniform|workgroup|private|function|read|write|read_write";

const PATTERN = new RegExp(
  [
    "(?<switch>//#.*)",
    "(?<comment>//.*)",
    "(?<attribute>@\\w+)",
    `(?<keyword>\\b(?:${KEYWORDS})\\b)`,
    `(?<type>\\b(?:${TYPES})\\b)`,
    "(?<number>\\b(?:0x[0-9a-fA-F]+|\\d+(?:\\.\\d*)?(?:e[+-]?\\d+)?)[fhiu]?\\b)",
    "(?<call>\\b[A-Za-z_]\\w*(?=\\())",
  ].join("|"),
  "g",
);

/** All of the line, in order. */
export function wordsOf(line: string): readonly Word[] {
  const words: Word[] = [];
  let end = 0;
  for (const match of line.matchAll(PATTERN)) {
    if (match.index > end) words.push({ kind: "plain", text: line.slice(end, match.index) });
    const [kind, text = match[0]] =
      Object.entries(match.groups ?? {}).find(([, found]) => found) ?? [];
    words.push({ kind: (kind ?? "plain") as WordKind, text });
    end = match.index + match[0].length;
  }
  if (end < line.length) words.push({ kind: "plain", text: line.slice(end) });
  return words;
}

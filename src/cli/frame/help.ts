// --help, written from a command's definition: what it does, how it is called, every flag with its default and range,
// and examples to copy. It is text from data; no command has a help text of its own.

import { describeRange, type FlagSpec, type FlagSpecs } from "./flags.ts";
import { asTyped } from "./spelling.ts";
import type { Style } from "./terminal.ts";

export const COMMON_FLAGS = {
  json: { type: "boolean", help: "print the result as one JSON line; text goes to stderr" },
  quiet: { type: "boolean", help: "print no text, only errors" },
  debug: { type: "boolean", help: "print the stack of an error" },
  help: { type: "boolean", help: "show this text" },
} as const satisfies FlagSpecs;

interface Documented {
  readonly name: string;
  readonly summary: string;
  readonly usage?: string;
  readonly examples?: readonly { readonly command: string; readonly does: string }[];
  readonly positionals?: readonly {
    readonly name: string;
    readonly help: string;
    readonly optional?: true;
    readonly many?: true;
  }[];
  readonly flags: FlagSpecs;
}

interface HelpLayout {
  readonly style: Style;
  readonly width: number;
}

/** Columns of a term with its text beside it; the text of a longer one begins below it. */
const WIDEST_TERM = 36;

/** The whole text, ending in a line end. */
export function helpText(command: Documented, { style, width }: HelpLayout): string {
  const { positionals = [], examples = [] } = command;
  const own = Object.entries(command.flags).map(flagRow);
  const common = Object.entries(COMMON_FLAGS).map(flagRow);
  const rows = positionals.map(({ name, help }): Row => [name, help]);
  const terms = [...rows, ...own, ...common].map(([term]) => term.length);
  const left = Math.max(...terms.filter((length) => length <= WIDEST_TERM));
  const layout = { left, width: Math.min(100, Math.max(60, width)), style };
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", style.bold(title), ...lines];
  const list = (items: readonly Row[]): string[] => items.flatMap((row) => layRow(row, layout));
  const shown = examples.flatMap(({ command: line, does }) => [
    style.dim(`  # ${does}`),
    `  ${line}`,
  ]);
  const lines = [
    ...wrapWords(command.summary, layout.width),
    ...section("Usage", [`  ${command.usage ?? usageLine(command)}`]),
    ...section("Arguments", list(rows)),
    ...section("Flags", list(own)),
    ...section("Common flags", list(common)),
    ...section("Examples", shown),
  ];
  return `${lines.join("\n")}\n`;
}

type Row = readonly [term: string, text: string];

function usageLine({ name, positionals = [] }: Documented): string {
  const places = positionals.map((spec) => {
    const shown = spec.many === true ? `${spec.name}...` : spec.name;
    return spec.optional === true ? `[${shown}]` : `<${shown}>`;
  });
  return [name, "[flags]", ...places].join(" ");
}

function flagRow([name, spec]: readonly [string, FlagSpec]): Row {
  if (spec.type === "boolean") {
    const off = spec.default === true;
    return [off ? `--no-${name}` : `--${name}`, spec.help];
  }
  return [`--${name} <${placeholder(spec)}>`, `${spec.help} ${facts(spec)}`.trimEnd()];
}

function placeholder(spec: Exclude<FlagSpec, { type: "boolean" }>): string {
  if (spec.type === "choice") return "name";
  if (spec.type === "string" || spec.type === "list") return spec.value ?? "text";
  return spec.type === "integer" ? "count" : "number";
}

/** `(default 20, at least 1)`, `(default relu; relu, tanh)` */
function facts(spec: Exclude<FlagSpec, { type: "boolean" }>): string {
  const known: string[] = [];
  if (spec.type === "list") known.push("may be given several times");
  else if (spec.default !== undefined) known.push(`default ${spec.default}`);
  if (spec.type === "choice") known.push(`one of ${spec.choices.join(", ")}`);
  if (spec.type === "integer" || spec.type === "number") {
    const range = describeRange(spec).replaceAll("of at", "at");
    if (range !== "") known.push(range);
  }
  return known.length === 0 ? "" : `(${known.join("; ")})`;
}

interface RowLayout extends HelpLayout {
  readonly left: number;
}

function layRow([term, text]: Row, layout: RowLayout): string[] {
  const { left, width, style } = layout;
  // A command that is broken over two lines would not be known for one when it is spelled as it is typed.
  const lines = wrapWords(asTyped(text), width - left - 4);
  if (term.length > left) return [`  ${style.cyan(term)}`, ...layRow(["", text], layout)];
  return lines.map((line, i) => {
    const head = i === 0 ? style.cyan(term) + " ".repeat(left - term.length) : " ".repeat(left);
    return `  ${head}  ${line}`;
  });
}

function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

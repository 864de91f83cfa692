// How a command is typed: `npm run train --` in the repository, where all texts spell it so; `npx vitrine train` where the package
// is installed, whose launcher says so.

/** Also where a line was broken within it. */
const IN_REPOSITORY =
  /npm run(\s+)(train|evaluate|report|compare|predict|export|h5|data|kfold|tune|worker|study|summary|parity|verify|profile|inspect|setup)\b( --(?= |$|\n|`|"|'))?/g;

/** The text with its commands as the person types them. */
export function asTyped(text: string, typed = process.env["VITRINE_COMMAND"]): string {
  return typed ? text.replaceAll(IN_REPOSITORY, `${typed}$1$2`) : text;
}

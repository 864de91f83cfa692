// Text that is not ours, as it may be shown: names in files, file names, cells of tables. What steers a terminal, forges a line or
// turns the direction of writing becomes visible.

const ESC = String.fromCharCode(0x1b);
/** Colours, which the commands use themselves. */
const COLOUR = new RegExp(`^${ESC}\\[[0-9;]*m`);
/** C0 and C1 but for tab and newline, and what turns the direction of text. */
const STEERING = /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f]/u;

/** Every control character as `\\x1b` or `\\u202e`, line ends and tabs too; cut after `most` characters with an ellipsis. */
export function foreignText(text: string, most = 200): string {
  const short = text.length > most ? `${text.slice(0, most)}…` : text;
  return Array.from(short, (character) =>
    STEERING.test(character) ? escaped(character) : character,
  ).join("");
}

/** The same for whole output: newlines, tabs and colours stay. */
export function steeringEscaped(text: string): string {
  if (!STEERING.test(text.replaceAll(/[\n\t]/g, ""))) return text;
  let out = "";
  for (let at = 0; at < text.length; ) {
    const colour = text[at] === ESC ? COLOUR.exec(text.slice(at, at + 20))?.[0] : undefined;
    if (colour !== undefined) {
      out += colour;
      at += colour.length;
      continue;
    }
    const character = text[at] ?? "";
    const stays = character === "\n" || character === "\t" || !STEERING.test(character);
    out += stays ? character : escaped(character);
    at++;
  }
  return out;
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

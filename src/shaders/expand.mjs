// Puts the fragments of lib/ where a shader asks for them: `//#include "lib/activate.wgsl"`, a path below src/shaders, on
// a line of its own. Says of every line which file it is from, so that errors can. Plain JavaScript that reads nothing
// itself: Node's hook and a bundler's plugin both use it, when a shader is loaded, because a browser has no files.

/**
 * Neighbouring lines of an expanded text that are neighbours in their file too.
 * @typedef {object} Run
 * @property {string} file below src/shaders: `lib/activate.wgsl`
 * @property {number} line the first of them there, from 1
 * @property {number} count
 */

/**
 * @callback ReadFragment
 * @param {string} file
 * @returns {Promise<string | null>} null where there is no such file
 */

/** @typedef {{ file: string, line: number, text: string }} Line */

const INCLUDE = /^\s*\/\/#include "([^"]+)"\s*$/;

/**
 * A shader with its fragments. The lines that ask for one stay, as the comments that they are. A fragment may ask for
 * others, but none comes in twice: what it declares would be declared twice, and leaving out the second could leave it in
 * the half of a switch that is off.
 * @param {string} file
 * @param {string} text
 * @param {ReadFragment} read
 * @returns {Promise<{ text: string, runs: readonly Run[] }>}
 */
export async function expand(file, text, read) {
  /** @type {Map<string, string>} */
  const places = new Map();
  const lines = await linesOf(file, text, { read, chain: [file], places });
  return { text: lines.map((line) => line.text).join("\n"), runs: runsOf(lines) };
}

/**
 * @param {string} file
 * @param {string} text
 * @param {{ read: ReadFragment, chain: readonly string[], places: Map<string, string> }} within
 * @returns {Promise<readonly Line[]>}
 */
async function linesOf(file, text, { read, chain, places }) {
  /** @type {Line[]} */
  const lines = [];
  for (const [index, line] of text.split("\n").entries()) {
    lines.push({ file, line: index + 1, text: line });
    if (!line.includes("//#include")) continue;
    const place = `${file}:${index + 1}`;
    const wanted = INCLUDE.exec(line)?.[1];
    if (wanted === undefined) {
      throw new Error(
        `${place}: an include reads //#include "lib/name.wgsl", alone on its line, got ${line.trim()}`,
      );
    }
    if (chain.includes(wanted)) {
      throw new Error(
        `${place}: includes go round in a circle, got ${[...chain, wanted].join(" → ")}`,
      );
    }
    const first = places.get(wanted);
    if (first !== undefined) {
      throw new Error(`${place}: a fragment is included once, got ${wanted} at ${first} already`);
    }
    places.set(wanted, place);
    const fragment = await read(wanted);
    if (fragment === null) {
      throw new Error(`${place}: a fragment is a file below src/shaders, got ${wanted}`);
    }
    const body = fragment.replace(/\n$/, "");
    lines.push(...(await linesOf(wanted, body, { read, chain: [...chain, wanted], places })));
  }
  return lines;
}

/**
 * @param {readonly Line[]} lines
 * @returns {readonly Run[]}
 */
function runsOf(lines) {
  /** @type {Run[]} */
  const runs = [];
  for (const { file, line } of lines) {
    const last = runs.at(-1);
    if (last?.file === file && last.line + last.count === line) last.count++;
    else runs.push({ file, line, count: 1 });
  }
  return runs;
}

// What `npx vitrine` says of itself: its commands, a line each, and its version. Flags are told by each command's own --help.
// Plain JavaScript without packages, because it runs before there are any.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./files.mjs";

/**
 * Every command, what a person does first on top.
 * @type {readonly (readonly [name: string, does: string])[]}
 */
export const USES = [
  ["train", "trains a model, scores it, and saves a run"],
  ["evaluate", "scores a saved run or a Keras file: loss, accuracy, confusion"],
  ["predict", "what a run or a Keras file makes of pictures"],
  ["data", "a first look at a data set: rows, classes, what is broken"],
  ["summary", "a model as Keras prints it"],
  ["export", "a run as a file of Keras's, or as safetensors"],
  ["tune", "searches hyper-parameters: random, grid, Hyperband, Bayesian"],
  ["kfold", "cross-validates a model"],
  ["study", "all of it in one: clean, tune, train, fold, and a report"],
  ["report", "a page about a saved run"],
  ["compare", "saved runs beside each other on the same rows"],
  ["inspect", "a page to walk through one step, dispatch by dispatch"],
  ["profile", "where a step's time and memory go"],
  ["verify", "whether every kernel of a step is right"],
  ["web", "the engine as a web page"],
  ["h5", "what a Keras file holds"],
  ["parity", "an ImageNet network beside what real Keras computed"],
  ["tune-kernels", "measures which kernels are the fastest on this adapter"],
  ["kernels", "shows what was measured"],
  ["worker", "trains trials of searches on other machines"],
  ["run", "runs a program of yours: TypeScript, shaders, this package"],
  ["setup", "looks for an adapter again, and says which one is used"],
];

/** @param {string} command how a command of this package is started, such as `npx vitrine` */
export function usage(command) {
  const width = Math.max(...USES.map(([name]) => name.length)) + 2;
  const rows = USES.map(([name, does]) => `  ${name.padEnd(width)}${does}`);
  return [
    "Trains convolutional networks on WebGPU, and shows every dispatch of it.",
    `\nUsage\n  ${command} COMMAND [flags]\n\nCommands`,
    ...rows,
    `\n${command} COMMAND --help lists a command's flags.\n`,
  ].join("\n");
}

/** @returns {string} */
export function version() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
}

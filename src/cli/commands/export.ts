// `npm run export`: a saved run as a file that Keras loads, or as safetensors.

import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UsageError } from "../../engine/core/errors.ts";
import { formatCount } from "../../format/number-format.ts";
import { IMAGE_SIZE } from "../../io/image.ts";
import { exportedModel } from "../../keras/exported-model.ts";
import { formatAmount, withSpinner } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { exportFormat } from "../inputs/export-format.ts";
import { inputNote } from "../inputs/export-input.ts";
import { loadModel } from "../inputs/saved-model.ts";

const FLAGS = {
  to: {
    type: "string",
    value: "file",
    help: "file to write: .keras or .h5 for the whole model, .weights.h5 or .safetensors for the weights",
  },
  legacy: {
    type: "boolean",
    help: "with .h5: only the weights, in the layout of Keras 2's save_weights",
  },
  overwrite: { type: "boolean", help: "replace the file if it exists, which is refused otherwise" },
} as const;

const POSITIONALS = [
  { name: "RUN", help: "folder of a saved run, a trial or a fold, such as runs/…-lenet5" },
] as const;

const command = defineCommand({
  name: "npm run export --",
  summary: "Saves a trained model of ours as a file for Keras, or as safetensors.",
  examples: [
    {
      command: "npm run export -- runs/2026-08-01-14-03-22-lenet5 --to lenet5.keras",
      does: "architecture and weights, for keras.models.load_model",
    },
    {
      command: "npm run export -- runs/2026-08-01-14-03-22-lenet5 --to lenet5.weights.h5",
      does: "weights alone, for model.load_weights",
    },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: exportRun,
});

async function exportRun(context: CommandContext<typeof FLAGS, typeof POSITIONALS>): Promise<void> {
  const { flags, positionals, say, style, terminal, json, finish } = context;
  const [run] = positionals;
  const path = await checkTarget(flags.to, flags.overwrite);
  const format = exportFormat(path, flags.legacy);
  const { config, model, weights } = await loadModel(run);
  const exported = exportedModel(model);
  say(style.bold(`vitrine: exporting ${config.model.name} of ${run}`));
  const write = async () => {
    await format.write(path, exported, weights);
  };
  await finish(() => withSpinner(terminal, `writing ${path}`, write));
  const { size } = await stat(path);
  const parameters = exported.layers.reduce((sum, layer) => sum + layer.params, 0);
  const note = inputNote(model, IMAGE_SIZE);
  const rows: readonly (readonly [string, string])[] = [
    ["file", `${path}, ${formatAmount(size, "bytes")}: ${format.what}`],
    ["holds", `${formatCount(parameters)} weights of ${exported.layers.length} layers`],
    ["load", format.load(JSON.stringify(path))],
    ...note.lines.map((line, index) => [index === 0 ? "input" : "", line] as const),
    ["output", `probabilities of ${config.classNames.join(", ")}`],
  ];
  for (const [term, text] of rows) say(`${term.padEnd(10)} ${text}`);
  json({
    ...{ model: config.model.name, run, file: path, format: format.what, bytes: size },
    ...{ hasArchitecture: format.hasArchitecture, parameters, input: note.record },
    classNames: config.classNames,
  });
}

/** Before anything slow: the file must be named, must not be there unless it may go, and its folder must. */
async function checkTarget(path: string | undefined, overwrite: boolean): Promise<string> {
  if (path === undefined) {
    throw new UsageError("--to: must be given, the file to write", {
      help: "npm run export -- --help shows how it is used",
    });
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new UsageError(`--to: must be a file, got the folder ${path}`);
  if (found && !overwrite) {
    throw new UsageError(`--to: must be a new file, got ${path}, which exists`, {
      help: "add --overwrite to replace it",
    });
  }
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new UsageError(`--to: must lie in a folder that exists, got ${path}`);
  }
  return path;
}

await runCommand(command);

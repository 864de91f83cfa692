// `npm run export`: a saved run as a file that Keras loads, or as safetensors.

import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UsageError } from "../../engine/core/errors.ts";
import { formatCount } from "../../format/number-format.ts";
import { exportedModel } from "../../models/architecture/exported-model.ts";
import { imagesOf } from "../../runs/images-record.ts";
import { formatAmount, withSpinner } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { compiledOf, describeCompiled, type ExportCompiled } from "../inputs/export-compiled.ts";
import { exportFormat } from "../inputs/export-format.ts";
import { inputNote } from "../inputs/export-input.ts";
import { loadModel, TRAINED_POSITIONAL } from "../inputs/saved-model.ts";

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
  keras: {
    type: "choice",
    choices: ["2", "3"],
    help: "2 writes what TF-Keras opens and trains on: .keras from 2.12, .h5 from 2.11; default 3, or for .h5 what both open",
  },
  "no-optimizer": {
    type: "boolean",
    help: "leave out how the model was compiled, and what the optimiser came to",
  },
  overwrite: { type: "boolean", help: "replace the file if it exists, which is refused otherwise" },
} as const;

const POSITIONALS = [TRAINED_POSITIONAL] as const;

const NOTHING: ExportCompiled = { compiled: null, notes: [] };

const command = defineCommand({
  name: "npm run export --",
  summary: "Saves a trained model of ours as a file for Keras, or as safetensors.",
  examples: [
    {
      command: "npm run export -- runs/2026-08-01-14-03-22-lenet5 --to lenet5.keras",
      does: "architecture, weights and optimiser, for keras.models.load_model",
    },
    {
      command: "npm run export -- runs/2026-08-01-14-03-22-lenet5 --to lenet5.keras --keras 2",
      does: "the same for TF-Keras 2.12, 2.13 and 2.15; 2.14 takes the .h5",
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
  const format = exportFormat(path, flags);
  const isCarried = format.hasArchitecture && !flags.noOptimizer;
  const trained = await loadModel(run, {}, { optimizer: isCarried });
  const { config, model, weights } = trained;
  const exported = exportedModel(model);
  const { compiled, notes: ofFile } = isCarried ? await compiledOf(run, trained) : NOTHING;
  const notes = [...ofFile, ...((compiled && format.cautions?.(compiled)) ?? [])];
  say(style.bold(`vitrine: exporting ${config.model.name} of ${run}`));
  const write = async () => {
    await format.write(path, exported, weights, { compiled });
  };
  await finish(() => withSpinner(terminal, `writing ${path}`, write));
  const { size } = await stat(path);
  const parameters = exported.layers.reduce((sum, layer) => sum + layer.params, 0);
  const note = inputNote(model, imagesOf(config).shape);
  const carried = compiled ? format.compiles(compiled) : "nothing";
  const rows: readonly (readonly [string, string])[] = [
    ["file", `${path}, ${formatAmount(size, "bytes")}: ${format.what}`],
    ["holds", `${formatCount(parameters)} weights of ${exported.layers.length} layers`],
    ...(compiled ? [["compiled", describeCompiled(compiled, carried)] as const] : []),
    ...notes.map((text) => ["note", text] as const),
    ["load", format.load(JSON.stringify(path))],
    ...note.lines.map((line, index) => [index === 0 ? "input" : "", line] as const),
    ["output", `probabilities of ${config.classNames.join(", ")}`],
  ];
  for (const [term, text] of rows) say(`${term.padEnd(10)} ${text}`);
  json({
    ...{ model: config.model.name, run, file: path, format: format.what, bytes: size },
    ...{ hasArchitecture: format.hasArchitecture, parameters, input: note.record },
    compiled: carried,
    notes,
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

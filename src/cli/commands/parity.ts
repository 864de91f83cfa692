// `npm run parity`: networks of ImageNet held against what Keras computed with the same weights, block by block.

import { UsageError } from "../../engine/core/errors.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { type JsonValue, writeAtomically } from "../../io/files.ts";
import { fits } from "../../keras/weights/fitting-models.ts";
import { readPretrained } from "../../keras/weights/pretrained.ts";
import { openWeightFile } from "../../keras/weights/weight-file.ts";
import { BACKBONES } from "../../models/backbones.ts";
import { isParity, measureParity, type Parity } from "../../models/parity/measure.ts";
import { readRecorded } from "../../models/parity/recorded.ts";
import { PARITY_LEGEND, parityLines, parityMarkdown } from "../../report/text/parity-table.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { PARITY_MODELS, PARITY_SIZES, parityRecording } from "../inputs/parity-recordings.ts";
import { ADAPTER_FLAG } from "../inputs/shared-flags.ts";

const FLAGS = {
  model: { type: "choice", choices: PARITY_MODELS, help: "model to compare; all if not given" },
  "input-size": {
    type: "choice",
    choices: PARITY_SIZES,
    help: "side of the images; both if not given",
  },
  h5: {
    type: "string",
    value: "file",
    help: "weight file of Keras to take the seeded weights from, instead of computing them",
  },
  out: { type: "string", value: "file", help: "also write the tables to this file as Markdown" },
  ...ADAPTER_FLAG,
} as const;

const command = defineCommand({
  name: "npm run parity --",
  summary:
    "Compares every block of five networks, their classes and their gradients with what Keras computed. " +
    "Exits with 1 where they differ.",
  examples: [
    { command: "npm run parity", does: "all of them at 32×32 and 224×224" },
    { command: "npm run parity -- --model vgg19 --input-size 32", does: "one of them" },
    {
      command: "npm run parity -- --model vgg19 --input-size 224 --h5 vgg19.h5",
      does: "through a file that Keras wrote of the same weights",
    },
  ],
  flags: FLAGS,
  run: compare,
});

async function compare(context: CommandContext<typeof FLAGS, readonly []>): Promise<void> {
  const { flags, say, style, json, signal, setExitCode } = context;
  if (flags.h5 !== undefined && flags.model === undefined) {
    throw new UsageError("--h5: needs to know whose weights they are", { help: "add --model" });
  }
  const device = await openAdapter(flags);
  say(style.bold("vitrine: the models beside Keras"));
  say(`adapter    ${device.name}`);
  for (const line of PARITY_LEGEND) say(line);
  const found: Parity[] = [];
  for (const model of PARITY_MODELS.filter((name) => name === (flags.model ?? name))) {
    for (const size of PARITY_SIZES.filter((side) => side === (flags.inputSize ?? side))) {
      signal.throwIfAborted();
      const path = parityRecording(model, size);
      const weights = flags.h5 === undefined ? undefined : await weightsIn(flags.h5, model, size);
      const parity = await measureParity({ device, recorded: await readRecorded(path), weights });
      found.push(parity);
      say();
      for (const line of parityLines(parity)) say(line);
    }
  }
  if (!found.every(isParity)) setExitCode(1);
  if (flags.out !== undefined) {
    const from = { adapter: device.name, command: "npm run parity" };
    await writeAtomically(flags.out, parityMarkdown(found, from));
    say();
    say(`written    ${flags.out}`);
  }
  json({
    adapter: device.name,
    models: found.map((parity) => ({ ...parity, holds: isParity(parity) })) as unknown as JsonValue,
  });
  device.destroy();
}

/** Of the whole model where the file has them, else of the model without its classifier, whose weights are then seeded. */
async function weightsIn(
  path: string,
  model: (typeof PARITY_MODELS)[number],
  size: (typeof PARITY_SIZES)[number],
): Promise<Weights> {
  const inputShape = [Number(size), Number(size), 3] as const;
  const build = (includeTop: boolean) => BACKBONES[model].build({ inputShape, includeTop });
  const file = await openWeightFile(path);
  const hasTop = fits(file, build(true));
  await file.close();
  return (await readPretrained(path, build(hasTop))).weights;
}

await runCommand(command);

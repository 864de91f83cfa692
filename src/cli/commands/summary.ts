// `npm run summary`: a model's layers, shapes and parameters, as Keras prints them. Needs no adapter.

import { UsageError } from "../../engine/core/errors.ts";
import { classesOf, describeModel, type Model } from "../../engine/layers/model.ts";
import type { BackboneOptions } from "../../models/backbone.ts";
import {
  type AnyKind,
  DEFAULT_MODEL,
  kindOf,
  MODEL_KINDS,
  MODEL_NAMES,
} from "../../models/models.ts";
import { ownNetwork } from "../../models/own-model.ts";
import { keras2Summary, keras3Summary, summaryOf } from "../../report/text/summary-table.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { isModelFile, readModelFile } from "../inputs/model-file.ts";

/** Models of one piece have one input; how many classes they have by themselves is their own affair, too. */
const WHOLE = MODEL_KINDS.filter(({ backbone }) => backbone === null);
const inputs = WHOLE.map((kind) => `${kind.name}: ${kind.create({}).inputShape.join()}`);
const classes = WHOLE.map((kind) => `${kind.name}: ${classesOf(kind.create({}))}`);

const FLAGS = {
  model: {
    type: "string",
    value: "name or file",
    help: `model to describe, default ${DEFAULT_MODEL}: ${MODEL_NAMES.join(", ")}; or a file: .keras or .h5 of Keras, or a .ts that exports a model`,
  },
  input: {
    type: "string",
    value: "shape",
    help: `height,width,channels of the images; default 224,224,3 (${inputs.join("; ")})`,
  },
  top: { type: "boolean", default: true, help: "leave the classifier out" },
  pooling: {
    type: "choice",
    choices: ["avg", "max"],
    help: "with --no-top: pool the features, as Keras's argument of that name",
  },
  classes: {
    type: "integer",
    min: 1,
    max: 1_000_000,
    help: `of the classifier; default 1000 (${classes.join("; ")})`,
  },
  style: {
    type: "choice",
    choices: ["keras3", "keras2"],
    default: "keras3",
    help: "whose table to print",
  },
} as const;

const POSITIONALS = [
  { name: "FILE", help: "a model's file, as --model takes it", optional: true },
] as const;

type Context = CommandContext<typeof FLAGS, typeof POSITIONALS>;

const command = defineCommand({
  name: "npm run summary --",
  summary: "Prints a model's layers, output shapes and parameters in the table that Keras prints.",
  examples: [
    {
      command: "npm run summary -- --model resnet152v2 --input 224,224,3",
      does: "566 layers, 60,380,648 parameters",
    },
    {
      command: "npm run summary -- --model vgg19 --input 32,32,3 --no-top",
      does: "as a base for other images",
    },
    { command: "npm run summary -- net.keras", does: "what a file of Keras's holds" },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: summarise,
});

async function summarise(context: Context): Promise<void> {
  const { say, json, terminal } = context;
  const flags = { ...context.flags, model: namedModel(context) };
  const model = isModelFile(flags.model) ? await fileModel(flags) : modelOf(flags);
  const description = describeModel(model);
  const summary = summaryOf(description);
  const { width: columns, colour } = terminal;
  const text =
    flags.style === "keras2" ? keras2Summary(summary) : keras3Summary(summary, { columns, colour });
  say(text.trimEnd());
  const { name, layers, trainable, nonTrainable, outputShape } = description;
  const rows = layers.map((layer) => ({
    name: layer.name,
    class: layer.className,
    outputShape: layer.outputShape,
    params: layer.params,
    inputs: layer.inputs,
  }));
  json({ model: name, trainable, nonTrainable, outputShape, layers: rows });
}

/** By --model, or as a file in its place. Throws UsageError for both, and for what is no file. */
function namedModel({ flags, positionals: [file] }: Context): string {
  if (file === undefined) return flags.model ?? DEFAULT_MODEL;
  if (flags.model !== undefined) {
    throw new UsageError(`--model: must not be there beside ${file}, got ${flags.model}`);
  }
  if (isModelFile(file)) return file;
  throw new UsageError(`FILE: must be a .keras or .h5 file, or a program, got ${file}`, {
    help: `of a model by its name: --model ${file}`,
  });
}

type Flags = Context["flags"] & { readonly model: string };

/** Throws UsageError for flags that a file has answered. */
async function fileModel({ model: file, ...flags }: Flags): Promise<Model> {
  const { input, pooling, classes } = flags;
  const given = Object.entries({ input, pooling, classes }).find(
    ([, value]) => value !== undefined,
  );
  const flag = given?.[0] ?? (flags.top ? null : "no-top");
  if (flag) throw new UsageError(`--${flag}: is not for a file, whose model is whole`);
  return ownNetwork((await readModelFile(file)).config);
}

function modelOf(flags: Flags): Model {
  const { model: name, classes, top, pooling } = flags;
  if (top && pooling !== undefined) {
    throw new UsageError(`--pooling: is for a model without its classifier, got ${pooling}`, {
      help: "add --no-top",
    });
  }
  const inputShape = flags.input === undefined ? null : shapeOf(flags.input);
  const kind = kindOf(name);
  if (!kind.backbone) return wholeModel(kind, flags, inputShape);
  const options: BackboneOptions = {
    inputShape: inputShape ?? [224, 224, 3],
    includeTop: top,
    ...(classes === undefined ? {} : { classes }),
    ...(pooling === undefined ? {} : { pooling }),
  };
  return kind.backbone.build(options);
}

function wholeModel(
  { name, create }: AnyKind,
  { classes, top }: Flags,
  inputShape: readonly number[] | null,
): Model {
  if (!top) throw new UsageError(`--no-top: is not for ${name}, whose classifier is a part of it`);
  const model = create(classes === undefined ? {} : { classes });
  const own = model.inputShape.join();
  if (inputShape && inputShape.join() !== own) {
    throw new UsageError(`--input: is ${own} for ${name}, got ${inputShape.join()}`);
  }
  return model;
}

/** Of an extent of the input; far more than any model is for. */
const LARGEST = 16_384;

/** `224,224,3` */
function shapeOf(text: string): readonly [number, number, number] {
  const sizes = text.split(",").map(Number);
  const [height, width, channels] = sizes;
  const isShape = /^\d+,\d+,\d+$/.test(text) && sizes.every((size) => size > 0 && size <= LARGEST);
  if (!isShape || height === undefined || width === undefined || channels === undefined) {
    const rule = `must be height,width,channels, such as 224,224,3, none above ${LARGEST}`;
    throw new UsageError(`--input: ${rule}, got ${JSON.stringify(text)}`);
  }
  return [height, width, channels];
}

await runCommand(command);

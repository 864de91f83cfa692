// `npm run predict`: what a saved model takes pictures for.

import { firstRows } from "../../data/dataset.ts";
import { isBlank, type ShownRules } from "../../data/shown-image.ts";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import type { ModelImage } from "../../io/model-image.ts";
import { probabilityBars } from "../../report/text/bars.ts";
import { pictureText } from "../../report/text/picture-text.ts";
import { imagesOf } from "../../runs/images-record.ts";
import { placeDataset } from "../../train/device-data.ts";
import { classShares } from "../../train/metrics/predictions.ts";
import { withSpinner } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import {
  FILE_FLAGS,
  loadModel,
  type SavedModel,
  TRAINED_POSITIONAL,
} from "../inputs/saved-model.ts";
import {
  findPictures,
  preparationFor,
  type ShownPicture,
  shownPicture,
} from "../inputs/shown-pictures.ts";

const FLAGS = {
  ...FILE_FLAGS,
  "class-names": {
    type: "string",
    value: "names",
    help: "of a Keras file's network, which has none: what classes 0, 1, 2 … are called, with commas between",
  },
  prepare: {
    type: "choice",
    choices: ["fashion", "none"],
    help: "fashion trims a picture and brings it to 28×28 grey on the model's background, as Fashion-MNIST was made, and is the default for models of such images; none only brings it to the model's size",
  },
  invert: {
    type: "choice",
    choices: ["yes", "no"],
    help: "negate the pictures or do not; default as --prepare fashion finds their background, and no with none",
  },
  adapter: { type: "string", value: "name", help: "part of the name of the GPU adapter to use" },
} as const;

const POSITIONALS = [
  TRAINED_POSITIONAL,
  {
    name: "IMAGE",
    many: true,
    help: "PNG, JPEG or WebP files of any size, folders of them, or URLs of this machine; prepared as --prepare says",
  },
] as const;

type Context = CommandContext<typeof FLAGS, typeof POSITIONALS>;

const command = defineCommand({
  name: "npm run predict --",
  summary: "Shows the class probabilities that a saved model gives to pictures.",
  examples: [
    { command: "npm run predict -- runs/2026-08-01-14-03-22-lenet5 boot.png", does: "one picture" },
    {
      command: "npm run predict -- runs/2026-08-01-14-03-22-lenet5 photos/ --json",
      does: "all pictures in a folder, for a program",
    },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: predict,
});

async function predict(context: Context): Promise<void> {
  const { flags, positionals, say, style } = context;
  const [run, ...paths] = positionals;
  const saved = withNames(await loadModel(run, flags), flags.classNames);
  const { shape } = imagesOf(saved.config);
  const rules: ShownRules = {
    shape,
    background: saved.config.data?.["background"] === "light" ? "light" : "dark",
    prepare: preparationFor(flags.prepare, shape),
    invert: flags.invert === undefined ? undefined : flags.invert === "yes",
  };
  const pictures = await readAll(context, paths, rules);
  const [first, ...others] = pictures;
  const what = others.length === 0 ? (first?.path ?? "") : `${pictures.length} pictures`;
  say(style.bold(`vitrine: ${saved.config.model.name} looks at ${what}`));
  for (const note of saved.notes) say(`note  ${note}`);
  await show(context, { saved, rules, pictures });
}

/** Throws UsageError for names of a run, which has its own, and for another number than there are classes. */
function withNames(saved: SavedModel, names: string | undefined): SavedModel {
  if (names === undefined) return saved;
  const { classNames } = saved.config;
  const given = names.split(",").map((name) => name.trim());
  if (!saved.isFile) throw new UsageError(`--class-names: a saved run has its own, got ${names}`);
  if (given.length !== classNames.length || given.includes("")) {
    throw new UsageError(
      `--class-names: must name the ${classNames.length} classes of the model, got ${names}`,
    );
  }
  return { ...saved, config: { ...saved.config, classNames: given } };
}

/** One that is named must be sound; of a folder's, those that are not are told and passed over. */
async function readAll(
  { say, setExitCode, signal }: Context,
  paths: readonly string[],
  rules: ShownRules,
): Promise<ShownPicture[]> {
  const pictures: ShownPicture[] = [];
  let problem: FormatError | null = null;
  for (const { path, name, isNamed } of await findPictures(paths, signal)) {
    const picture = await shownPicture(path, rules).catch((error: unknown) => {
      if (isNamed || !(error instanceof FormatError)) throw error;
      say(`passed over ${error.message}`);
      problem ??= error;
      return null;
    });
    if (picture) pictures.push({ ...picture, path: name });
  }
  if (problem !== null) {
    if (pictures.length === 0) throw problem;
    setExitCode(2);
  }
  return pictures;
}

interface Shown {
  readonly saved: SavedModel;
  readonly rules: ShownRules;
  readonly pictures: readonly ShownPicture[];
}

interface Named {
  readonly label: string;
  readonly value: number;
}

async function show(context: Context, { saved, rules, pictures }: Shown): Promise<void> {
  const { flags, positionals, say, terminal, json } = context;
  const { model, classNames } = saved.config;
  const [height, width, channels] = rules.shape;
  const size = height * width * channels;
  const images = new Uint8Array(pictures.length * size);
  for (const [row, { pixels }] of pictures.entries()) images.set(pixels, row * size);
  const dataset = { images, ...{ height, width, channels, classNames } };
  const [only] = pictures;
  if (pictures.length === 1 && only) {
    for (const line of preparation(only.found, rules)) say(line);
    say();
    for (const line of pictureText(dataset, terminal)) say(line);
  }
  const device = await openAdapter(flags);
  const rows = pictures.length;
  const data = await placeDataset(device, {
    ...dataset,
    ...{ name: "picture", labels: new Uint8Array(rows), rows },
  });
  const all = await withSpinner(terminal, "predicting", () =>
    saved.evaluatorOn(device).predict(data, firstRows(rows)),
  );
  const shown = classShares(all);
  const results = pictures.map((picture, row) => {
    const shares = shown[row] ?? new Float32Array();
    const items = classNames.map((label, index) => ({ label, value: shares[index] ?? 0 }));
    return { picture, items: items.sort((a, b) => b.value - a.value) };
  });
  say();
  sayResults(context, results);
  for (const result of results) {
    for (const doubt of doubtsOf(result)) say(`warning    ${result.picture.path}: ${doubt}`);
  }
  const records = results.map(recordOf);
  const [record] = records;
  json({
    model: model.name,
    run: positionals[0],
    ...(records.length === 1 ? record : { pictures: records }),
    ...{ background: rules.background, prepare: rules.prepare, shape: rules.shape },
    adapter: device.name,
  });
  device.destroy();
}

interface Result {
  readonly picture: ShownPicture;
  readonly items: readonly Named[];
}

/** Why not to believe it. */
function doubtsOf({ picture, items }: Result): readonly string[] {
  const [first, second] = items;
  const share = first?.value ?? 0;
  const blank = isBlank(picture.pixels) ? ["it is blank, of one shade all over"] : [];
  const isUnsure = share < LEAST_SHARE && items.length > 1;
  const other = second ? `, ${second.label} at ${(100 * second.value).toFixed(0)} %` : "";
  const unsure = `the network is unsure: ${first?.label} at ${(100 * share).toFixed(0)} %${other}`;
  return isUnsure ? [...blank, unsure] : blank;
}

/** A class that has less than this is not more likely than all others together. */
const LEAST_SHARE = 0.5;

/** Bars for one picture; a line each for several. */
function sayResults({ say, style, terminal }: Context, results: readonly Result[]): void {
  const [one, ...others] = results;
  if (one && others.length === 0) {
    say(probabilityBars(one.items, { width: terminal.width, highlight: style.bold }));
    return;
  }
  const paths = Math.max(...results.map(({ picture }) => picture.path.length));
  for (const { picture, items } of results) {
    const guesses = items.slice(0, 3).map(({ label, value }) => {
      return `${label} ${(100 * value).toFixed(1)} %`;
    });
    say(`${picture.path.padEnd(paths)}  ${guesses.join(", ")}`);
  }
}

function recordOf({ picture, items }: Result) {
  const { path, found, isNegated } = picture;
  const doubts = doubtsOf({ picture, items });
  return {
    image: path,
    ...(found ? { inverted: found.inverted, trimmed: found.trimmed && { ...found.trimmed } } : {}),
    negated: isNegated,
    ...(doubts.length > 0 ? { warnings: doubts } : {}),
    predicted: items[0]?.label ?? "",
    probabilities: Object.fromEntries(items.map(({ label, value }) => [label, value])),
  };
}

/** What was done to the picture, where anything was. */
function preparation(found: ModelImage | null, { background, invert }: ShownRules): string[] {
  if (invert !== undefined) return [invert ? "inverted   as asked" : "as it is   not inverted"];
  if (found === null) return [];
  const { inverted, trimmed, width, height } = found;
  const cut = trimmed
    ? [
        `trimmed    from ${width}×${height} to the ${trimmed.width}×${trimmed.height} that are no background`,
      ]
    : [];
  if (background === "light" && !inverted) {
    return [...cut, "inverted   it is light on dark, and the model was trained on dark on light"];
  }
  if (background === "dark" && inverted) {
    return [...cut, "inverted   it is dark on light, and the model was trained on light on dark"];
  }
  return cut;
}

await runCommand(command);

// `npm run predict`: what a saved model takes a picture for.

import { firstRows } from "../../data/dataset.ts";
import { openDevice } from "../../io/adapter.ts";
import { IMAGE_SIZE, type ModelImage, readImage } from "../../io/image.ts";
import { probabilityBars } from "../../report/text/bars.ts";
import { uploadDataset } from "../../train/device-data.ts";
import { withSpinner } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { loadModel } from "../inputs/saved-model.ts";

const FLAGS = {
  adapter: { type: "string", value: "name", help: "part of the name of the GPU adapter to use" },
} as const;

const POSITIONALS = [
  { name: "RUN", help: "folder of a saved run, a trial or a fold, such as runs/…-lenet5" },
  {
    name: "IMAGE",
    help: "a PNG of any size; it is trimmed, and brought to 28×28 grey on the background that the model was trained on",
  },
] as const;

const command = defineCommand({
  name: "npm run predict --",
  summary: "Shows the class probabilities that a saved model gives to a picture.",
  examples: [
    { command: "npm run predict -- runs/2026-08-01-14-03-22-lenet5 boot.png", does: "one picture" },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: predict,
});

async function predict(context: CommandContext<typeof FLAGS, typeof POSITIONALS>): Promise<void> {
  const { flags, positionals, say, style, terminal, json } = context;
  const [run, path] = positionals;
  const saved = await loadModel(run);
  const background = saved.config.data?.["background"] === "light" ? "light" : "dark";
  const image = await readImage(path, { background });
  say(style.bold(`vitrine: ${saved.config.model.name} looks at ${path}`));
  for (const line of preparation(image, background)) say(line);
  const device = await openDevice(flags.adapter ? { adapter: flags.adapter } : {});
  const classNames = saved.config.classNames;
  const data = uploadDataset(device, {
    name: "picture",
    images: image.pixels,
    labels: new Uint8Array(1),
    rows: 1,
    height: IMAGE_SIZE,
    width: IMAGE_SIZE,
    channels: 1,
    classNames,
  });
  const [probabilities = new Float32Array()] = await withSpinner(terminal, "predicting", () =>
    saved.evaluatorOn(device).predict(data, firstRows(1)),
  );
  const items = classNames.map((label, index) => ({ label, value: probabilities[index] ?? 0 }));
  items.sort((a, b) => b.value - a.value);
  say();
  say(probabilityBars(items, { width: terminal.width, highlight: style.bold }));
  json({
    model: saved.config.model.name,
    run,
    image: path,
    inverted: image.inverted,
    trimmed: image.trimmed,
    background,
    predicted: items[0]?.label ?? "",
    probabilities: Object.fromEntries(items.map(({ label, value }) => [label, value])),
    adapter: device.name,
  });
  device.destroy();
}

/** What was done to the picture, where anything was. */
function preparation(
  { inverted, trimmed, width, height }: ModelImage,
  background: "dark" | "light",
): string[] {
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

// `npm run evaluate`: scores a saved model on a data set, class by class.

import { openDevice } from "../io/adapter.ts";
import { uploadDataset } from "../train/device-data.ts";
import { type CommandContext, defineCommand, runCommand } from "./command.ts";
import { loadData } from "./data-set.ts";
import { startProgress } from "./progress.ts";
import { loadModel } from "./saved-model.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "./shared-flags.ts";

const FLAGS = {
  ...DATA_FLAGS,
  set: { type: "choice", choices: ["test", "train"], default: "test", help: "rows to score" },
  ...ADAPTER_FLAG,
} as const;

const POSITIONALS = [
  { name: "RUN", help: "folder of a saved run, such as runs/…-lenet5" },
] as const;

const command = defineCommand({
  name: "npm run evaluate --",
  summary: "Scores a saved model on Fashion-MNIST: loss, accuracy, and what is taken for what.",
  examples: [
    {
      command: "npm run evaluate -- runs/2026-08-01-14-03-22-lenet5",
      does: "on the 10,000 test images",
    },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: evaluate,
});

async function evaluate(context: CommandContext<typeof FLAGS, typeof POSITIONALS>): Promise<void> {
  const { flags, positionals, say, style, terminal, json } = context;
  const [run] = positionals;
  const saved = await loadModel(run);
  say(style.bold(`vitrine: evaluating ${saved.config.model.name} of ${run}`));
  const loaded = await loadData(terminal, flags.data, flags);
  const dataset = flags.set === "test" ? loaded.test : loaded.train;
  const device = await openDevice(flags.adapter ? { adapter: flags.adapter } : {});
  say(`adapter    ${device.name}`);
  say(`data set   ${loaded.source}, ${dataset.rows} ${flags.set} rows`);
  const data = uploadDataset(device, dataset);
  const evaluator = saved.evaluatorFor(device, data);
  const rows = Uint32Array.from({ length: dataset.rows }, (_, row) => row);
  const progress = startProgress(terminal, {
    label: "evaluating",
    total: rows.length,
    unit: "steps",
  });
  const { loss, accuracy, confusion } = await evaluator.evaluate(data, rows, (done) =>
    progress.update(done),
  );
  progress.finish("");
  const recalls = confusion.map(
    (counts, label) => (counts[label] ?? 0) / counts.reduce((a, b) => a + b, 0),
  );
  const names = saved.config.classNames;
  const width = Math.max(...names.map((name) => name.length));
  say();
  for (const [label, recall] of recalls.entries()) {
    say(
      `${(names[label] ?? "").padEnd(width)}  ${(100 * recall).toFixed(1).padStart(5)} %  ${mistakes(confusion[label] ?? [], label, names)}`,
    );
  }
  say();
  say(
    `${flags.set.padEnd(10)} loss ${loss.toFixed(4)}  accuracy ${style.bold(`${(100 * accuracy).toFixed(2)} %`)}`,
  );
  json({
    model: saved.config.model.name,
    run,
    set: flags.set,
    rows: rows.length,
    loss,
    accuracy,
    recalls,
    confusion: confusion.map((r) => [...r]),
    adapter: device.name,
  });
  device.destroy();
}

/** `93 as Shirt, 21 as Pullover`: what a class is mistaken for most. */
function mistakes(counts: readonly number[], label: number, names: readonly string[]): string {
  return [...counts.entries()]
    .filter(([predicted, count]) => predicted !== label && count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([predicted, count]) => `${count} as ${names[predicted]}`)
    .join(", ");
}

await runCommand(command);

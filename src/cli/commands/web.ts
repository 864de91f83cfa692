// `npm run web`: the same engine in a browser, as a site that is served here or written for any static host.

import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CleanData } from "../../data/clean.ts";
import { limitRows } from "../../data/dataset.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { formatMemory } from "../../format/number-format.ts";
import { gatherDocument } from "../../inspect/inspector/gather-document.ts";
import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { writeAtomically } from "../../io/files.ts";
import { forData } from "../../models/for-data.ts";
import { createModel } from "../../models/models.ts";
import { CACHE } from "../../setup/files.mjs";
import { uploadDataset } from "../../train/device-data.ts";
import { serveSite } from "../../web/serve-site.ts";
import { type SiteFiles, siteFiles, siteScripts } from "../../web/site.ts";
import { StageBars } from "../display/stage-bars.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { unlessAborted } from "../frame/signals.ts";
import { loadData } from "../inputs/data-set.ts";
import { modelConfig } from "../inputs/model-flags.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "../inputs/shared-flags.ts";

const FLAGS = {
  build: {
    type: "string",
    value: "folder",
    help: "write the site's files there, for any static host, and serve nothing",
  },
  port: {
    type: "integer",
    default: 8440,
    min: 1024,
    max: 65_535,
    help: "of this machine, where the site is served; taken ones are passed over",
  },
  ...DATA_FLAGS,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run web --",
  summary:
    "Serves the engine as a web page: train, look inside and edit kernels on the reader's own GPU, in the browser.",
  examples: [
    { command: "npm run web", does: "prints the address; Ctrl-C ends it" },
    { command: "npm run web -- --build site", does: "writes the files for a static host" },
    { command: "npm run web -- --data pictures", does: "with a data set of yours beside the page" },
  ],
  flags: FLAGS,
  run: web,
});

async function web(context: Context): Promise<void> {
  const { flags, say, style, terminal, signal, json, finish } = context;
  say(style.bold("vitrine: making the web page"));
  const data = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const scripts = await siteScripts();
  const recorded = await recordedStep(context, data, scripts.worker);
  const files = await siteFiles({ data, recorded, scripts });
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0);
  if (flags.build !== undefined) {
    const folder = flags.build;
    await finish(() => writeSite(folder, files));
    say(
      `written    ${folder}: ${files.size} files, ${formatMemory(bytes)}; put them on any static host that serves https`,
    );
    json({ folder, files: [...files.keys()], bytes });
    return;
  }
  const server = await serveSite(files, flags.port).catch((error) => {
    if (!(error instanceof UsageError) || error.argument !== "port") throw error;
    throw new UsageError(`--${error.message}`);
  });
  say(`address    ${server.address}`);
  say("open it in a browser with WebGPU; Ctrl-C ends it");
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
}

/** One that is whole never stands beside one that is half. */
async function writeSite(folder: string, files: SiteFiles): Promise<void> {
  for (const [path, bytes] of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeAtomically(target, [bytes]);
  }
}

/** Of the default model with random weights; kept in the cache while engine and data are the same. */
async function recordedStep(
  { terminal, signal, flags }: Context,
  { train, test }: CleanData,
  worker: string,
): Promise<InspectorDocument> {
  const device = await openAdapter(flags);
  try {
    const rows = limitRows(train, 500);
    const key = [worker, device.name, test.name, test.rows].join("\n");
    const digest = createHash("sha256").update(key).update(rows.images).digest("hex");
    const file = join(CACHE, "web", `step-${digest.slice(0, 16)}.json`);
    const known = await readFile(file, "utf8").catch(() => null);
    if (known !== null) return JSON.parse(known) as InspectorDocument;
    const document = await gathered({ terminal, signal }, device, { train: rows, test });
    await mkdir(dirname(file), { recursive: true });
    await writeAtomically(file, [new TextEncoder().encode(JSON.stringify(document))]);
    return document;
  } finally {
    device.destroy();
  }
}

async function gathered(
  { terminal, signal }: Pick<Context, "terminal" | "signal">,
  device: Awaited<ReturnType<typeof openAdapter>>,
  { train, test }: Pick<CleanData, "train" | "test">,
): Promise<InspectorDocument> {
  const config = forData(modelConfig({}), train);
  const bars = new StageBars(terminal);
  try {
    return await gatherDocument({
      ...{ device, signal, test, model: config.name, images: 8, isTrained: false },
      setup: {
        ...{ model: createModel(config), kind: "train", batchSize: Math.min(50, train.rows) },
        data: uploadDataset(device, train),
      },
      source: "recorded when this site was made, with random weights",
      readLines: (path) =>
        readFile(path, "utf8").then(
          (text) => text.split("\n"),
          () => null,
        ),
      onCompile: (_label, index, total) => bars.show("compiling kernels", index / total),
      onStage: (words, share) => bars.show(words, share),
    });
  } finally {
    bars.close();
  }
}

await runCommand(command);

// The site as files that any static host can serve: a page, its script, the worker's, the inspector with a recorded step, and a data set.
// Nothing is compiled beforehand: the sources are bundled when the site is made.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type CleanData, describeDropped } from "../data/clean.ts";
import type { Dataset } from "../data/dataset.ts";
import { titleOf } from "../data/official-files.ts";
import type { InspectorDocument } from "../inspect/inspector/inspector-document.ts";
import { bundled } from "../page/client-script.ts";
import { inspectorPage } from "../page/inspector/inspector-page.ts";
import { pageHtml } from "../page/page.ts";
import { DATA_INDEX, KERAS_SCRIPT, type SiteData, type SitePart } from "../page/web/site-data.ts";
import { WEB_STYLE } from "../page/web/web-style.ts";

/** By path below the site's address. */
export type SiteFiles = ReadonlyMap<string, Uint8Array>;

export interface SiteContents {
  readonly data: CleanData;
  /** What the inspector shows where no adapter can be had. */
  readonly recorded: InspectorDocument;
  readonly scripts: SiteScripts;
}

const BODY = `<div id="page"><p class="waiting">opening …</p></div>
<noscript><p>This page computes everything in the browser, and needs scripts for it.</p></noscript>`;

/** Bundled from the sources: the page's, its worker's, and the inspector's. */
export interface SiteScripts {
  readonly page: string;
  readonly worker: string;
  readonly inspector: string;
  /** Of the worker that reads and writes files of Keras's. */
  readonly keras: string;
}

export async function siteScripts(): Promise<SiteScripts> {
  const script = (entry: string) => bundled(new URL(entry, import.meta.url), "esm");
  const [page, worker, inspector, keras] = await Promise.all([
    script("../page/web/web.ts"),
    script("./worker/worker.ts"),
    script("../page/inspector/framed.ts"),
    script("./worker/keras-door.ts"),
  ]);
  return { page, worker, inspector, keras };
}

export async function siteFiles({ data, recorded, scripts }: SiteContents): Promise<SiteFiles> {
  const html = pageHtml({
    ...{ title: "Vitrine", style: WEB_STYLE, body: BODY, module: "page.js", kind: "site" },
  });
  const text = new TextEncoder();
  return new Map([
    ["index.html", text.encode(html)],
    ["page.js", text.encode(scripts.page)],
    ["worker.js", text.encode(scripts.worker)],
    [KERAS_SCRIPT, text.encode(scripts.keras)],
    ["inspector.html", text.encode(inspectorPage({ module: "inspector.js", kind: "site" }))],
    ["inspector.js", text.encode(scripts.inspector)],
    ["step.json", text.encode(JSON.stringify(recorded))],
    ...(await dataFiles(data)),
  ]);
}

async function dataFiles(data: CleanData): Promise<readonly (readonly [string, Uint8Array])[]> {
  const { train, test, cleaning } = data;
  const [packedTrain, packedTest] = await Promise.all([packed(train), packed(test)]);
  const { height, width, channels, classNames } = train;
  const dropped = describeDropped(cleaning);
  const index: SiteData = {
    ...{ format: 1, title: titleOf(data), height, width, channels, classNames },
    notes: dropped === "" ? [] : [`${dropped}, dropped`],
    train: partOf(train, "train.bin", packedTrain),
    test: partOf(test, "test.bin", packedTest),
  };
  return [
    [DATA_INDEX, new TextEncoder().encode(`${JSON.stringify(index, null, 1)}\n`)],
    ["data/train.bin", packedTrain],
    ["data/test.bin", packedTest],
  ];
}

function partOf({ name, rows, labels }: Dataset, file: string, bytes: Uint8Array): SitePart {
  const labelBytes = labels instanceof Uint8Array ? 1 : 4;
  return { name, file, rows, labelBytes, bytes: bytes.length };
}

function packed({ images, labels }: Dataset): Promise<Uint8Array> {
  const own = new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
  return promisify(gzip)(Buffer.concat([images, own]), { level: 6 });
}

// Data as the page has it: the set that lies beside the page, unpacked by the browser.

import * as v from "valibot";
import { cleanData, describeDropped } from "../../data/clean.ts";
import type { Dataset } from "../../data/dataset.ts";
import { isGzip } from "../../data/idx.ts";
import type { UserData } from "../../data/sources/source.ts";
import { FormatError } from "../../engine/core/errors.ts";
import type { DatasetView } from "../../page/web/protocol.ts";
import { DATA_INDEX, type SiteData, type SitePart } from "../../page/web/site-data.ts";
import { imageView } from "../../watch/image-view.ts";

export interface OpenedData {
  readonly title: string;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly notes: readonly string[];
}

export type Stage = (words: string | null, share?: number | null) => void;

const COUNT = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31));
const PART = v.object({
  ...{ name: v.string(), file: v.pipe(v.string(), v.regex(/^[\w.-]+$/)) },
  ...{ rows: COUNT, labelBytes: v.picklist([1, 4]), bytes: COUNT },
});
const INDEX = v.object({
  ...{ format: v.literal(1), title: v.string(), notes: v.array(v.string()) },
  ...{ height: COUNT, width: COUNT, channels: COUNT },
  ...{ classNames: v.array(v.string()), train: PART, test: PART },
});

/** Throws FormatError for a file that is not there, or not what the index says. */
export async function readSiteData(site: URL, stage: Stage): Promise<OpenedData> {
  const address = new URL(DATA_INDEX, site);
  stage("fetching the data", 0);
  const response = await fetched(address);
  const parsed = v.safeParse(INDEX, await response.json().catch(() => null));
  if (!parsed.success) {
    throw new FormatError(`${DATA_INDEX}: must describe a data set, got something else`);
  }
  const index: SiteData = parsed.output;
  const total = index.train.bytes + index.test.bytes;
  let got = 0;
  const part = async (of: SitePart): Promise<Dataset> => {
    const bytes = await unpacked(new URL(of.file, address), (more) => {
      got += more;
      stage("fetching the data", Math.min(1, got / total));
    });
    return datasetOf(index, of, bytes);
  };
  const [train, test] = [await part(index.train), await part(index.test)];
  return { title: index.title, train, test, notes: index.notes };
}

async function fetched(address: URL): Promise<Response> {
  const name = address.pathname.split("/").slice(-2).join("/");
  const response = await fetch(address).catch((cause: unknown) => {
    throw new FormatError(`${name}: cannot be fetched, got ${cause}`, {
      help: "the page's own server is gone, or the file is",
    });
  });
  if (response.ok) return response;
  throw new FormatError(`${name}: cannot be fetched, got ${response.status}`, {
    help: "put the folder `data` beside the page, or drop files of your own",
  });
}

/** Some servers unpack such files on their way. */
async function unpacked(address: URL, onBytes: (count: number) => void): Promise<Uint8Array> {
  const { body } = await fetched(address);
  const counted = body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        onBytes(chunk.length);
        controller.enqueue(chunk);
      },
    }),
  );
  const packed = new Uint8Array(await new Response(counted ?? null).arrayBuffer());
  if (!isGzip(packed)) return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function datasetOf(index: SiteData, part: SitePart, bytes: Uint8Array): Dataset {
  const { height, width, channels, classNames } = index;
  const { name, rows, labelBytes, file } = part;
  const pixels = rows * height * width * channels;
  if (bytes.length !== pixels + rows * labelBytes) {
    throw new FormatError(
      `${file}: must hold ${pixels + rows * labelBytes} bytes, got ${bytes.length}`,
      { help: "fetch the site's files again" },
    );
  }
  const own = bytes.slice(pixels);
  const labels = labelBytes === 1 ? own : new Uint32Array(own.buffer);
  return {
    ...{ name, rows, height, width, channels, classNames, labels },
    images: bytes.subarray(0, pixels),
  };
}

export function viewOfData({ title, train, test, notes }: OpenedData): DatasetView {
  const { height, width, channels, classNames } = train;
  const samples = classNames.flatMap((_, label) => {
    const row = train.labels.indexOf(label);
    return row < 0 ? [] : [{ label, image: imageView(train, row) }];
  });
  return {
    ...{ name: title, trainRows: train.rows, testRows: test.rows },
    ...{ height, width, channels, classNames, notes, samples },
  };
}

/** Cleaned as every command cleans, but that broken pictures are left out, and said to be. */
export function openedData(read: UserData): OpenedData {
  const data = cleanData(read, { dropMissing: true });
  const { train, test, source, broken = [] } = data;
  const dropped = describeDropped(data.cleaning);
  const [first] = broken;
  const more = broken.length > 1 ? `, and ${broken.length - 1} more` : "";
  const notes = [source, ...(dropped === "" ? [] : [`${dropped}, dropped`])];
  const title = read.title ?? train.name.replace(/\/[^/]*$/, "");
  return { title, train, test, notes: first ? [...notes, `${first.problem}${more}`] : notes };
}

// The pictures of a first look at a data set: images per class, and a grid of samples with their class names. The look is
// render.ts's.

import { PNG } from "pngjs";
import { classCounts, type Dataset, imageSize } from "../../data/dataset.ts";
import { formatCount } from "../../format/number-format.ts";
import { type ChartSpec, FONT, INK, type Layout, PALETTE, renderChart } from "./render.ts";

/** Images per class as bars, train and test side by side, each with its count. */
export async function classesSvg(
  train: Dataset,
  test: Dataset,
  layout: Layout = "wide",
): Promise<string> {
  const parts = [
    { set: "train", dataset: train, colour: PALETTE.blue },
    { set: "test", dataset: test, colour: PALETTE.orange },
  ];
  const values = parts.flatMap(({ set, dataset }) =>
    classCounts(dataset).map((count, label) => {
      const name = dataset.classNames[label] ?? String(label);
      return { set, name, count, text: formatCount(count) };
    }),
  );
  const subtitle = `${formatCount(train.rows)} to train, ${formatCount(test.rows)} to test`;
  const y = {
    field: "name",
    type: "nominal",
    sort: train.classNames,
    title: null,
    axis: { ticks: false, domain: false, labelPadding: 8, labelColor: INK.text },
    scale: { paddingInner: 0.3 },
  };
  const sets = parts.map((part) => part.set);
  const yOffset = { field: "set", type: "nominal", sort: sets };
  const x = { field: "count", type: "quantitative", title: null, axis: null };
  const color = {
    field: "set",
    type: "nominal",
    scale: { domain: sets, range: parts.map((part) => part.colour) },
    legend: { orient: "bottom", direction: "horizontal", symbolType: "square", offset: 10 },
  };
  return await renderChart({
    width: layout === "wide" ? 420 : 190,
    height: { step: 15, for: "offset" },
    title: { text: "Images per class", subtitle },
    data: { values },
    layer: [
      { mark: { type: "bar", cornerRadiusEnd: 2 }, encoding: { x, y, yOffset, color } },
      {
        mark: { type: "text", align: "left", dx: 6, fontSize: 11, color: INK.muted },
        encoding: { x, y, yOffset, text: { field: "text" } },
      },
    ],
  } as ChartSpec);
}

const COLUMNS = { wide: 12, narrow: 6 } as const;
const GAP = 3;
const SCALE = 1.5;
const LABEL_WIDTH = 110;
const MARGIN = 16;
const HEAD = 60;

/** The first images of every class, a row each, grey ones dark on white; the pixels are one PNG within the SVG. */
export function samplesSvg(dataset: Dataset, layout: Layout = "wide"): string {
  const { classNames, height } = dataset;
  const columns = COLUMNS[layout];
  const pixels = sampleSheet(dataset, columns);
  const [wide, high] = [pixels.width * SCALE, pixels.height * SCALE];
  const row = (height + GAP) * SCALE;
  const width = MARGIN + LABEL_WIDTH + wide + MARGIN;
  const total = HEAD + high + MARGIN;
  const labels = classNames.map((name, label) => {
    const y = HEAD + (label + 0.5) * row - (GAP * SCALE) / 2;
    return `<text x="${MARGIN + LABEL_WIDTH - 12}" y="${y}" text-anchor="end" dominant-baseline="central" font-size="12" fill="${INK.text}">${escapeXml(name)}</text>`;
  });
  const colorType = dataset.channels === 1 ? 0 : 2;
  const data = PNG.sync.write(pixels, { colorType, inputColorType: 6 }).toString("base64");
  const subtitle = `the first ${columns} of each class in ${dataset.name}`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="100%" style="max-width:${width}px;height:auto" font-family="${escapeXml(FONT)}">`,
    `<rect width="${width}" height="${total}" fill="white"/>`,
    `<text x="${MARGIN}" y="28" font-size="15" font-weight="600" fill="${INK.text}">Samples</text>`,
    `<text x="${MARGIN}" y="46" font-size="12" fill="${INK.muted}">${escapeXml(subtitle)}</text>`,
    ...labels,
    `<image x="${MARGIN + LABEL_WIDTH}" y="${HEAD}" width="${wide}" height="${high}" image-rendering="pixelated" style="image-rendering:pixelated" href="data:image/png;base64,${data}"/>`,
    "</svg>",
  ].join("\n")}\n`;
}

function sampleSheet(dataset: Dataset, columns: number): PNG {
  const { height, width, classNames, channels } = dataset;
  const sheet = new PNG({
    width: columns * (width + GAP) - GAP,
    height: classNames.length * (height + GAP) - GAP,
  });
  sheet.data.fill(255);
  for (const label of classNames.keys()) {
    for (const [column, row] of firstRowsOf(dataset, label, columns).entries()) {
      const left = column * (width + GAP);
      const top = label * (height + GAP);
      for (let i = 0; i < height * width; i++) {
        const at = ((top + Math.floor(i / width)) * sheet.width + left + (i % width)) * 4;
        sheet.data.set(inkOf(dataset, row * imageSize(dataset) + i * channels), at);
      }
    }
  }
  return sheet;
}

/** Red, green and blue of the pixel that begins there. */
function inkOf({ images, channels }: Dataset, at: number): ArrayLike<number> {
  if (channels === 3) return images.subarray(at, at + 3);
  const grey = 255 - (images[at] ?? 0);
  return [grey, grey, grey];
}

function firstRowsOf({ labels }: Dataset, label: number, count: number): number[] {
  const rows: number[] = [];
  for (let row = labels.indexOf(label); row >= 0 && rows.length < count; ) {
    rows.push(row);
    row = labels.indexOf(label, row + 1);
  }
  return rows;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

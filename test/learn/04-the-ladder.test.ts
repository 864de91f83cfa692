// Chapter 4: figures against the files that they are from, sizes of tiles against the shaders, and the matrix product that a
// convolution is.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readChapter } from "../../bench/learn/chapter.ts";
import { recordGemm } from "../../src/engine/ops/gemm/gemm.ts";
import { runOp } from "../support/run-op.ts";
import { ChapterCheck } from "./chapter-check.ts";

const test = suite("learn: the ladder");
const check = new ChapterCheck("04-the-ladder.md");

interface Result {
  readonly name: string;
  readonly variant: string;
  readonly shape: string;
  readonly ms: number;
  readonly gflops: number;
}

interface Results {
  readonly adapter: string;
  readonly ceiling: { readonly gflops: number };
  readonly kernels: readonly Result[];
}

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const results = (name: string): Results => JSON.parse(read(`bench/results/${name}.json`));

function figure({ kernels }: Results, name: string, variant: string): Result {
  const found = kernels.find((kernel) => kernel.name === name && kernel.variant === variant);
  if (!found) throw new Error(`no ${variant} of ${name}`);
  return found;
}

/** Three digits, or all before the point. */
function milliseconds(ms: number): string {
  return ms < 100 ? ms.toPrecision(3) : Math.round(ms).toLocaleString("en");
}

test("the ladder's figures are those of the file", () => {
  const file = results("2026-11-22-llvmpipe");
  const rows = ["naive", "tiled", "subgroup"].map((rung) => [
    rung,
    ...["conv2 forward", "vgg-block3 forward"].flatMap((name) => {
      const { ms, gflops } = figure(file, name, rung);
      return [milliseconds(ms), gflops.toFixed(1)];
    }),
  ]);
  assert.equal(check.chapter.table("rung"), rows);
  assert.match(figure(file, "conv2 forward", "naive").shape, "14×14×6 → 10×10×16, 5×5");
  assert.match(figure(file, "vgg-block3 forward", "naive").shape, "8×8×256 → 8×8×256, 3×3");
  const [, mesa = ""] = /Mesa ([\d.]+)/.exec(file.adapter) ?? [];
  check.says(`batch 50, medians of , on llvmpipe of Mesa ${mesa}`);
  check.says(`ceiling was measured as ${file.ceiling.gflops.toFixed(1)} GFLOPS`);
});

test("implicit's figures are those of the file", () => {
  const file = results("2026-11-22-llvmpipe-backbones");
  assert.is(file.adapter, results("2026-11-22-llvmpipe").adapter);
  const rows = [
    ["32×32, 64 → 64", "vgg19 32² 64→64 forward"],
    ["8×8, 256 → 256", "vgg19 8² 256→256 forward"],
    ["4×4, 512 → 512", "vgg19 4² 512→512 forward"],
    ["2×2, 512 → 512", "vgg19 2² 512→512 forward"],
  ].map(([map = "", name = ""]) => {
    const rungs = ["subgroup", "implicit"].map((rung) => figure(file, name, rung).gflops);
    return [map, ...rungs.map((gflops) => gflops.toFixed(1))];
  });
  assert.equal(check.chapter.table("map and channels"), rows);
});

/** `const ROWS: u32 = 16u;` in a shader or in what it includes. */
function constantsOf(...files: readonly string[]): Readonly<Record<string, number>> {
  const text = files.map((file) => read(`src/shaders/${file}.wgsl`)).join("\n");
  const found = text.matchAll(/^const (\w+): u32 = (\d+)u;/gm);
  return Object.fromEntries([...found].map(([, name = "", value]) => [name, Number(value)]));
}

test("sums add up, with the sizes that the shaders have", () => {
  check.sums();
  const sum = (name: string) => {
    const found = check.chapter.sums.find((candidate) => candidate.name === name);
    return Number(found?.parts.at(-1));
  };
  const shared = constantsOf("lib/product-tile");
  const { TILE_ROWS: r = 0, TILE_COLUMNS: c = 0, DEPTH: d = 0 } = shared;
  assert.is(sum("tiled"), (r * d + d * c) / (r * c * d));
  const direct = constantsOf("conv2d/subgroup");
  const { SUBGROUP = 0, KW = 0, COLUMNS = 0, CHANNELS = 0, STRIDE = 0 } = direct;
  const words = Math.ceil((KW * CHANNELS) / (4 * SUBGROUP));
  const pixels = (COLUMNS - 1) * STRIDE + KW;
  assert.is(sum("subgroup"), (pixels + 4 * words) / (KW * COLUMNS * CHANNELS));
  const tile = constantsOf("conv2d/implicit", "lib/register-tile");
  const { ROWS = 0, WORDS = 0 } = tile;
  const loads = Math.ceil(ROWS / (tile["SUBGROUP"] ?? 0));
  assert.is(sum("implicit"), (4 * loads + 4 * 4 * WORDS) / (ROWS * WORDS * 4 * 4));
  check.says(`tiles of ${r} × ${c} with ${d} steps in depth`);
  check.says(`${COLUMNS} columns of ${CHANNELS} filters, and ${pixels} pixels and ${words} words`);
  check.says(`${ROWS} rows of ${WORDS} words`);
  check.says(`keeps ${COLUMNS * CHANNELS} sums in registers`);
  const { THREAD_ROWS = 0, THREAD_COLUMNS = 0 } = shared;
  const invocations = (r / THREAD_ROWS) * (c / THREAD_COLUMNS);
  check.says(`${invocations} invocations work on ${r} × ${c} results`);
  check.says(`${CHANNELS} filters fill a quarter of a tile of ${c}`);
  check.says(`Tiled does it, ${d} products at a time`);
});

test("windows times w is the convolution of chapter 1, whole and in slices", async () => {
  const one = readChapter("01-one-pixel.md");
  const { values: x } = one.tensor("x");
  const corners = [0, 1, 4, 5];
  const taps = [0, 1, 2, 4, 5, 6, 8, 9, 10];
  const windows = corners.flatMap((corner) => taps.map((tap) => x[corner + tap] ?? 0));
  check.computed("windows", { loops: windows });
  const { values: w } = one.tensor("w");
  check.computed("w", { loops: w });
  const part = (row: number, from: number, to: number) =>
    w.slice(from, to).reduce((sum, v, k) => sum + v * (windows[row * 9 + from + k] ?? 0), 0);
  const rows = [0, 1, 2, 3];
  const bias = one.tensor("b").values[0] ?? 0;
  const product = rows.map((row) => part(row, 0, 9));
  assert.equal(
    product.map((sum) => sum + bias),
    one.tensor("z").values,
  );
  check.says(`Add the bias of ${bias}`);
  const y = await gemm(windows, w, 9);
  check.computed("product", { loops: product, kernels: y });
  const cuts = [0, 3, 6];
  const slices = rows.flatMap((row) => cuts.map((k) => part(row, k, k + 3)));
  const bySlice = await Promise.all(
    cuts.map((k) => {
      const columns = rows.flatMap((row) => windows.slice(row * 9 + k, row * 9 + k + 3));
      return gemm(columns, w.slice(k, k + 3), 3);
    }),
  );
  const kernels = rows.flatMap((row) => bySlice.map((slice) => slice[row] ?? Number.NaN));
  check.computed("slices", { loops: slices, kernels });
});

async function gemm(a: readonly number[], b: readonly number[], k: number): Promise<Float32Array> {
  const inputs = {
    a: { shape: [a.length / k, k], data: a },
    b: { shape: [k, b.length / k], data: b },
  };
  const { y } = await runOp({
    inputs,
    build: (rec, of) => recordGemm(rec, { op: "learn", a: of("a"), b: of("b"), label: "y" }),
  });
  if (!y) throw new Error("no product");
  return y;
}

test("nothing is left unchecked", () => check.nothingLeft());

test.run();

// What the page shows beside the dispatches: layers, the lines of the model that made them, and tensors' lives in the memory plan.

import type { Plan } from "../../engine/program/planner.ts";
import type { Program } from "../../engine/program/program.ts";
import type { LayerView, LifeView, SiteView } from "./inspector-document.ts";

export function layerViews({ layers }: Program): readonly LayerView[] {
  return layers.map(({ name, className, outputShape, params, site }) => ({
    ...{ name, className, outputShape, parameters: params, site },
  }));
}

export function lifeViews({ lives }: Plan): readonly LifeView[] {
  return [...lives.values()].map(({ storage, first, last, slot }) => ({
    ...{ label: storage.label, bytes: storage.bytes, first, last, slot },
  }));
}

/** Lines of the file on either side. */
const AROUND = 5;

export async function siteViews(
  { layers, dispatches }: Program,
  readLines: (file: string) => Promise<readonly string[] | null>,
): Promise<readonly SiteView[]> {
  const sites = new Set([...layers, ...dispatches].map(({ site }) => site));
  const files = new Map<string, readonly string[] | null>();
  const views: SiteView[] = [];
  for (const site of sites) {
    const [, file, at] = /^(.*):(\d+)$/.exec(site ?? "") ?? [];
    if (site === null || file === undefined) continue;
    if (!files.has(file)) files.set(file, await readLines(file));
    const first = Math.max(1, Number(at) - AROUND);
    const lines = files.get(file)?.slice(first - 1, Number(at) + AROUND);
    if (lines) views.push({ site, firstLine: first, lines });
  }
  return views;
}

// The structure of src/, as an import graph: which way imports point is lint's affair (biome.jsonc); here is what lint
// does not see, circles of types.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|mjs)$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const found = text.matchAll(/^(?:import|export)\b[^;]*?\bfrom "(\.[^"]+)"/gm);
  return [...found].map(([, target = ""]) => join(dirname(path), target));
}

/** The first circle that a walk from `path` meets; null where there is none. */
function circleFrom(path: string, graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string[] | null => {
    const again = trail.indexOf(file);
    if (again >= 0) return [...trail.slice(again), file];
    if (done.has(file)) return null;
    for (const next of graph.get(file) ?? []) {
      const circle = walk(next, [...trail, file]);
      if (circle) return circle;
    }
    done.add(file);
    return null;
  };
  return walk(path, []);
}

test("no file imports itself by a detour, not even for a type", () => {
  const graph = new Map(sources(SRC).map((path) => [path, importsOf(path)]));
  assert.ok(graph.size > 200);
  assert.ok([...graph.values()].flat().length > 700);
  for (const path of graph.keys()) {
    const circle = circleFrom(path, graph)?.map((file) => relative(SRC, file));
    assert.is(circle?.join(" -> "), undefined);
  }
});

test.run();

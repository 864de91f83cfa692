// Documents for the tests of the inspector's page: a real one of a LeNet-5 training step (fixtures/inspector), and the same made as
// long as a large model's.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type {
  DispatchView,
  InspectorDocument,
  LayerView,
} from "../../src/inspect/inspector/inspector-document.ts";
import type { ProfiledDispatch } from "../../src/inspect/profile/profile-schema.ts";

export function lenetDocument(): InspectorDocument {
  const file = new URL("../fixtures/inspector/lenet5.json.gz", import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as InspectorDocument;
}

/** The step's dispatches and layers `times` over, as blocks of a model. */
export function repeated(document: InspectorDocument, times: number): InspectorDocument {
  const { profile } = document;
  const stride = Math.max(...profile.dispatches.map(({ id }) => id)) + 1;
  const ofModel = new Set(document.layers.map(({ name }) => name));
  const named = (name: string, turn: number): string =>
    ofModel.has(name) ? `block${turn + 1}_${name}` : name;
  const dispatches: ProfiledDispatch[] = [];
  const views: DispatchView[] = [];
  const layers: LayerView[] = [];
  for (let turn = 0; turn < times; turn++) {
    const moved = (id: number): number => id + turn * stride;
    layers.push(...document.layers.map((layer) => ({ ...layer, name: named(layer.name, turn) })));
    dispatches.push(
      ...profile.dispatches.map((one) => ({
        ...one,
        id: moved(one.id),
        layer: one.layer === null ? null : named(one.layer, turn),
        forwardOf: one.forwardOf === null ? null : moved(one.forwardOf),
      })),
    );
    views.push(
      ...document.dispatches.map((one) => ({
        ...one,
        id: moved(one.id),
        producers: one.producers.map(moved),
        consumers: one.consumers.map(moved),
      })),
    );
  }
  return { ...document, layers, dispatches: views, profile: { ...profile, dispatches } };
}

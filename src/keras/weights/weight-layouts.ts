// Where Keras's two layouts of weights in an HDF5 file put each variable, and the attributes that they leave beside
// them. Plain data: nothing is written here.

import type { ExportedModel } from "../../models/architecture/exported-model.ts";
import type { Hdf5Attribute, Hdf5Dataset, Hdf5Group, Hdf5Layout } from "../hdf5/layout.ts";
import { containerNames, OLD_ROOT, oldContainerNames } from "./layer-places.ts";

/** What the files say that wrote them: the last Keras 2, whose layout it is. */
export const KERAS2_VERSION = "2.15.0";
export const KERAS2_BACKEND = "tensorflow";

/** Keras splits an attribute beyond this, because HDF5 keeps attributes in headers of at most 64 KiB. */
const ATTRIBUTE_BYTES = 64512;
const UTF8 = new TextEncoder();
/** Of a string of variable length in the header, wherever its characters are. */
const REFERENCE_BYTES = 16;

/**
 * Keras 3's `.weights.h5`: groups named by class and number (`/layers/conv2d_1/vars`), in them datasets `0`, `1`, …;
 * the layer's name is an attribute, which Keras 2.15 and 3.0 do without. Dropout has no state here: Keras saves none, and starts its random numbers anew.
 */
export function keras3Layout(
  { name, layers }: ExportedModel,
  { isNamed = true }: { readonly isNamed?: boolean } = {},
): Hdf5Layout {
  const named = (value: string) => (isNamed ? { attributes: nameOf(value) } : {});
  const groups: Hdf5Group[] = [{ path: "/vars", ...named(name) }, { path: "/layers" }];
  const variables = new Map<string, Hdf5Dataset>();
  const containers = containerNames(layers.map(({ className }) => className));
  for (const [index, layer] of layers.entries()) {
    const path = `/layers/${containers[index]}`;
    groups.push({ path }, { path: `${path}/vars`, ...named(layer.name) });
    for (const [slot, weight] of layer.weights.entries()) {
      variables.set(weight.name, { path: `${path}/vars/${slot}`, shape: weight.shape });
    }
  }
  return { groups, variables };
}

function nameOf(name: string): Readonly<Record<string, Hdf5Attribute>> {
  return { name: { kind: "utf8", value: name } };
}

/** The same for TF-Keras: 2.15 counts as Keras 3 does, and what came before finds each layer under another name as well. */
export function keras2ArchiveLayout(model: ExportedModel): Hdf5Layout {
  const { groups, variables } = keras3Layout(model, { isNamed: false });
  const { layers } = model;
  const places = containerNames(layers.map(({ className }) => className));
  const old = oldContainerNames(
    layers.map(({ className, weights }) => ({ className, hasWeights: weights.length > 0 })),
  );
  const links = old.map(([name, index]) => {
    return { path: `${OLD_ROOT}/${name}`, target: `/layers/${places[index]}` };
  });
  return { groups: [...groups, { path: OLD_ROOT }], variables, links };
}

/**
 * Keras 2's `save_weights`, below `root` (`/model_weights` in a whole model's file): a group a layer, in it datasets
 * named as variables were (`/conv1/conv1/kernel:0`), and the order of both in attributes.
 */
export function keras2Layout({ layers }: ExportedModel, root = ""): Hdf5Layout {
  const groups: Hdf5Group[] = [
    {
      path: root || "/",
      attributes: {
        ...stringList(
          "layer_names",
          layers.map(({ name }) => name),
        ),
        backend: { kind: "ascii", value: KERAS2_BACKEND },
        keras_version: { kind: "ascii", value: KERAS2_VERSION },
      },
    },
  ];
  const variables = new Map<string, Hdf5Dataset>();
  // Names of TensorFlow's own making have slashes, which makes groups within groups of them.
  groups.push(
    ...parentsOf(
      root,
      layers.map(({ name }) => name),
    ),
  );
  for (const { name, weights } of layers) {
    const path = `${root}/${name}`;
    const names = weights.map((weight) => `${weight.name}:0`);
    groups.push({ path, attributes: stringList("weight_names", names) });
    for (const [index, weight] of weights.entries()) {
      variables.set(weight.name, { path: `${path}/${names[index]}`, shape: weight.shape });
    }
    groups.push(...parentsOf(path, names));
  }
  groups.push({
    path: `${root}/top_level_model_weights`,
    attributes: stringList("weight_names", []),
  });
  return { groups: eachOnce(groups), variables };
}

/** A layer may be called as a group is that the slashes of another's name ask for. */
function eachOnce(groups: readonly Hdf5Group[]): readonly Hdf5Group[] {
  const found = new Map<string, Hdf5Group>();
  for (const group of groups) found.set(group.path, { ...found.get(group.path), ...group });
  return [...found.values()];
}

/** Groups that the slashes of names ask for. */
export function parentsOf(path: string, names: readonly string[]): readonly Hdf5Group[] {
  const parents = new Set<string>();
  for (const name of names) {
    const parts = name.split("/").slice(0, -1);
    for (const depth of parts.keys()) parents.add(`${path}/${parts.slice(0, depth + 1).join("/")}`);
  }
  return [...parents].map((parent) => ({ path: parent }));
}

/** One attribute, or, where it would be too large, `name0`, `name1`, … of strings as long as the longest. */
export function stringList(
  name: string,
  values: readonly string[],
): Readonly<Record<string, Hdf5Attribute>> {
  if (values.length === 0) return { [name]: { kind: "empty" } };
  const longest = Math.max(...values.map((value) => UTF8.encode(value).length));
  const each = Math.max(longest + 1, REFERENCE_BYTES);
  if (values.length * each <= ATTRIBUTE_BYTES) return { [name]: { kind: "ascii", value: values } };
  const parts = arraySplit(values, Math.ceil(values.length / Math.floor(ATTRIBUTE_BYTES / each)));
  return Object.fromEntries(
    parts.map((part, index) => [`${name}${index}`, { kind: "fixed", value: part } as const]),
  );
}

/** As NumPy's array_split: sizes differ by one at most, the larger first. */
function arraySplit<T>(values: readonly T[], parts: number): readonly (readonly T[])[] {
  const small = Math.floor(values.length / parts);
  const larger = values.length % parts;
  const start = (index: number) => index * small + Math.min(index, larger);
  return Array.from({ length: parts }, (_, index) => values.slice(start(index), start(index + 1)));
}

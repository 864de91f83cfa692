// The order of `model.layers` in Keras's Functional: by the longest way to the output, then by when a walk from the output
// comes to the layer first. Weights in its own files are counted in this order, so a file in another one would hand them to
// the wrong layers (map_graph of keras/src/ops/function.py; TF-Keras's _map_graph_network is the same).

import { VitrineError } from "../../engine/core/errors.ts";
import type { CallOutput, CallRecord } from "../../engine/program/layer-record.ts";

/** What the order goes by. */
interface Called {
  readonly name: string;
  readonly calls: readonly CallRecord[];
}

/** A call of a layer, as a node of the graph. */
interface Node<L> {
  readonly layer: L;
  readonly inputs: readonly Node<L>[];
}

/** Throws VitrineError for a layer that does not lead to the output: Keras would not keep it. */
export function inKerasOrder<L extends Called>(
  layers: readonly L[],
  output: CallOutput,
): readonly L[] {
  const { nodes, firstSeen } = walk(nodesOf(layers)(output));
  const stray = layers.find((layer) => !firstSeen.has(layer));
  if (stray) {
    throw new VitrineError(
      `layer ${stray.name}: must lead to the output to be written, got a branch that ends`,
    );
  }
  const depths = depthsOf(nodes);
  const depth = (layer: L) => depths.get(layer) ?? 0;
  const seen = (layer: L) => firstSeen.get(layer) ?? 0;
  return layers.toSorted((a, b) => depth(b) - depth(a) || seen(a) - seen(b));
}

/** Finds the node of what a layer gives in one of its calls, the same one each time. */
function nodesOf<L extends Called>(layers: readonly L[]): (source: CallOutput) => Node<L> {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const known = new Map<string, Node<L>>();
  const find = ({ layer: name, call }: CallOutput): Node<L> => {
    const key = `${call} ${name}`;
    const layer = byName.get(name);
    if (!layer) throw new VitrineError(`layer ${name}: must be one of the model's`);
    const node = known.get(key) ?? {
      layer,
      inputs: (layer.calls[call]?.inputs ?? []).map((source) => find(source)),
    };
    known.set(key, node);
    return node;
  };
  return find;
}

/** Nodes with all that they take before them, and when each layer was met, from the output up. */
function walk<L>(output: Node<L>) {
  const nodes = new Set<Node<L>>();
  const firstSeen = new Map<L, number>();
  const visit = (node: Node<L>) => {
    if (nodes.has(node)) return;
    if (!firstSeen.has(node.layer)) firstSeen.set(node.layer, firstSeen.size);
    for (const input of node.inputs) visit(input);
    nodes.add(node);
  };
  visit(output);
  return { nodes: [...nodes], firstSeen };
}

/** The longest way of each layer to the output, which several calls of a layer have in common. */
function depthsOf<L>(nodes: readonly Node<L>[]): ReadonlyMap<L, number> {
  const ofNodes = new Map<Node<L>, number>();
  const ofLayers = new Map<L, number>();
  for (const node of nodes.toReversed()) {
    const depth = Math.max(ofNodes.get(node) ?? 0, ofLayers.get(node.layer) ?? 0);
    ofLayers.set(node.layer, depth);
    ofNodes.set(node, depth);
    for (const input of node.inputs) {
      ofNodes.set(input, Math.max(depth + 1, ofNodes.get(input) ?? 0));
    }
  }
  return ofLayers;
}

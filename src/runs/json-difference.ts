// Where two pieces of JSON first differ, in words for a person. Key order does not count.

import { type JsonValue, stableJson } from "../io/files.ts";

export interface Difference {
  /** `settings seed`; for an element that has a name, that name. */
  readonly at: string;
  readonly left: string;
  readonly right: string;
}

export function firstDifference(left: JsonValue, right: JsonValue): Difference | null {
  const [a, b] = [entriesOf(left), entriesOf(right)];
  if (!a || !b) {
    const texts = { left: textOf(left), right: textOf(right) };
    return texts.left === texts.right ? null : { at: "", ...texts };
  }
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const inner = firstDifference(a.get(key), b.get(key));
    if (inner) return { ...inner, at: inner.at === "" ? key : `${key} ${inner.at}` };
  }
  const orders = { left: [...a.keys()].join(", "), right: [...b.keys()].join(", ") };
  const isOrdered = Array.isArray(left) && orders.left !== orders.right;
  return isOrdered ? { at: "order", ...orders } : null;
}

/** Members by key; elements by their name where they have one, so that a new one is not told as a change of all. */
function entriesOf(value: JsonValue): Map<string, JsonValue> | null {
  if (typeof value !== "object" || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.map((element: JsonValue, index): [string, JsonValue] => {
    const { name } = (element ?? {}) as { readonly name?: JsonValue };
    return [typeof name === "string" ? name : String(index + 1), element];
  });
  const map = new Map(named);
  return map.size === value.length ? map : new Map(value.map((element, i) => [String(i), element]));
}

function textOf(value: JsonValue): string {
  return value === undefined ? "none" : stableJson(value, 0);
}

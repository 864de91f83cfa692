// Operations as TensorFlow 1.15 and 2.0 to 2.3 write them: TensorFlowOpLayer, which holds a node of a graph (`node_def`) and, by
// their places among its inputs, those that are constants. The same as calls of TensorFlow's functions.

import { isRecord, type JsonRecord } from "./json-record.ts";
import type { Argument, OperationCall } from "./operation.ts";

export const TENSORFLOW_OP = "TensorFlowOpLayer";

/** By the names of the nodes' operations; an unknown one keeps its name, by which it is refused. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  Add: "math.add",
  AddV2: "math.add",
  BiasAdd: "nn.bias_add",
  Sub: "math.subtract",
  Mul: "math.multiply",
  RealDiv: "math.truediv",
  Maximum: "math.maximum",
  Minimum: "math.minimum",
  Cast: "cast",
  Identity: "identity",
  Relu: "nn.relu",
  Relu6: "nn.relu6",
  Elu: "nn.elu",
  Selu: "nn.selu",
  LeakyRelu: "nn.leaky_relu",
  Tanh: "math.tanh",
  Sigmoid: "math.sigmoid",
  Softplus: "math.softplus",
  Softsign: "nn.softsign",
  Exp: "math.exp",
  Softmax: "nn.softmax",
  Mean: "math.reduce_mean",
  Max: "math.reduce_max",
  Reshape: "reshape",
  ConcatV2: "concat",
  Pack: "stack",
  ResizeBilinear: "image.resize",
  ResizeNearestNeighbor: "image.resize",
  StridedSlice: "__operators__.getitem",
};

/** Types of indices, counts of inputs, and what TensorFlow notes down for itself. */
const NEUTRAL = /^(T.+|Index|N|SrcT|Truncate|_.*)$/;

/** `tensors`: what the layer is called with, in the order of its inputs that are no constants. */
export function readTensorFlowOp(config: JsonRecord, tensors: readonly Argument[]): OperationCall {
  const node = nodeOf(config["node_def"]);
  const constants = isRecord(config["constants"]) ? config["constants"] : {};
  const rest = [...tensors];
  const inputs = namesOf(node["input"]).map((_, place): Argument => {
    const isConstant = Object.hasOwn(constants, String(place));
    return isConstant ? { value: constants[String(place)] } : (rest.shift() ?? { value: null });
  });
  const op = String(node["op"]);
  const attributes = attributesOf(node["attr"]);
  const name = Object.hasOwn(FUNCTIONS, op) ? (FUNCTIONS[op] ?? op) : op;
  return { name, ...argumentsOf(op, [...inputs, ...rest], attributes) };
}

/** An object, or its JSON as text; anything else is a node without an operation, which is refused as an unknown one. */
function nodeOf(value: unknown): JsonRecord {
  try {
    const node: unknown = typeof value === "string" ? JSON.parse(value) : value;
    return isRecord(node) ? node : {};
  } catch {
    return {};
  }
}

/** Without those that only have to be computed before. */
function namesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.filter((name) => !String(name).startsWith("^")) : [];
}

type Attributes = Readonly<Record<string, unknown>>;

function attributesOf(value: unknown): Attributes {
  const entries = Object.entries(isRecord(value) ? value : {}).filter(
    ([key]) => !NEUTRAL.test(key),
  );
  return Object.fromEntries(entries.map(([key, attribute]) => [key, attributeOf(attribute)]));
}

/** `{ b: false }`, `{ i: "2" }`, `{ f: 0.3 }`, `{ s: "TkhXQw==" }`, `{ type: "DT_FLOAT" }`. */
function attributeOf(attribute: unknown): unknown {
  if (!isRecord(attribute)) return attribute;
  const { b, f, i, s, type } = attribute;
  if (typeof s === "string") return atob(s);
  if (typeof type === "string") return type === "DT_FLOAT" ? "float32" : type;
  return i === undefined ? (b ?? f) : Number(i);
}

function argumentsOf(
  op: string,
  inputs: readonly Argument[],
  attributes: Attributes,
): Pick<OperationCall, "positional" | "named"> {
  // Of what it computes with: known as a type, by which others than float32 are refused.
  const { T: type, DstT: wanted = type, ...others } = attributes;
  const named = Object.fromEntries(
    Object.entries({ ...others, dtype: wanted }).map(([key, value]) => [key, { value }]),
  );
  if (op === "StridedSlice") return sliced(inputs, others);
  if (op === "ConcatV2")
    return { positional: [{ items: inputs.slice(0, -1) }, ...inputs.slice(-1)], named };
  if (op === "Pack") return { positional: [{ items: inputs }], named };
  if (op.startsWith("Resize")) {
    const method = { value: op === "ResizeBilinear" ? "bilinear" : "nearest" };
    return { positional: inputs, named: { ...named, method } };
  }
  return { positional: inputs, named };
}

const ELLIPSIS = { class_name: "__ellipsis__" };

/** Begins, ends and strides, with a bit an entry that says of which kind it is, as Keras 2.4 has slices. */
function sliced(
  [x = { value: null }, ...bounds]: readonly Argument[],
  attributes: Attributes,
): Pick<OperationCall, "positional" | "named"> {
  const [begins, ends, strides] = bounds.map((bound) =>
    "value" in bound && Array.isArray(bound.value) ? bound.value : null,
  );
  const has = (mask: string, index: number) => (Number(attributes[mask] ?? 0) >> index) % 2 === 1;
  const entries = begins?.map((begin: unknown, index: number) => {
    if (has("ellipsis_mask", index)) return ELLIPSIS;
    if (has("shrink_axis_mask", index)) return begin;
    const step: unknown = strides?.[index];
    return {
      start: has("begin_mask", index) ? null : begin,
      stop: has("end_mask", index) ? null : ends?.[index],
      step: step === 1 ? null : step,
    };
  });
  const { new_axis_mask: axes } = attributes;
  // New axes are no slices: what was not read is refused.
  const named = axes === 0 || axes === undefined ? {} : { new_axis_mask: { value: axes } };
  return { positional: [x, { value: entries }], named };
}

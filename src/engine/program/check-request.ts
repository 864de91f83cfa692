// Whether what an op asks to be dispatched is what its kernel binds and takes, name by name. Mistakes of whoever writes an
// op; told when it is recorded, because a GPU would compute something all the same.

import { VitrineError } from "../core/errors.ts";
import type { CompiledKernel } from "../core/kernel.ts";
import type { ParamField } from "../core/wgsl.ts";
import type { DispatchRequest } from "./dispatch-request.ts";

const MAX_GROUPS = 65_535;
const RANGES = { u32: [0, 2 ** 32 - 1], i32: [-(2 ** 31), 2 ** 31 - 1] } as const;

export function checkRequest(compiled: CompiledKernel, request: DispatchRequest): void {
  const { kernel, grid, bind, params = {}, touched = {} } = request;
  const where = `dispatch ${kernel.label}`;
  if (grid.some((count) => count < 1 || count > MAX_GROUPS || !Number.isInteger(count))) {
    throw new VitrineError(
      `${where}: takes 1 to ${MAX_GROUPS} workgroups a dimension, got ${grid}`,
    );
  }
  const bound = compiled.bindings.flatMap(({ name, access }) => (access === null ? [] : [name]));
  sameNames(`${where}: binds`, bound, Object.keys(bind));
  sameNames(
    `${where}: takes`,
    compiled.params.map(({ name }) => name),
    Object.keys(params),
  );
  for (const field of compiled.params) checkParam(where, field, params[field.name] ?? 0);
  const unknown = Object.keys(touched).find((name) => !bound.includes(name));
  if (unknown !== undefined)
    throw new VitrineError(`${where}: touches ${unknown}, which is not bound`);
}

function sameNames(rule: string, wanted: readonly string[], given: readonly string[]): void {
  const missing = wanted.filter((name) => !given.includes(name));
  const strange = given.filter((name) => !wanted.includes(name));
  if (missing.length === 0 && strange.length === 0) return;
  const differences = [
    ...missing.map((name) => `no ${name}`),
    ...strange.map((name) => `${name} as well`),
  ];
  throw new VitrineError(
    `${rule} ${wanted.join(", ") || "nothing"}, got ${differences.join(", ")}`,
  );
}

function checkParam(where: string, { name, type }: ParamField, value: number): void {
  const [least, most] = type === "f32" ? [-Infinity, Infinity] : RANGES[type];
  const isWhole = type === "f32" || Number.isInteger(value);
  if (Number.isFinite(value) && isWhole && value >= least && value <= most) return;
  throw new VitrineError(`${where}: ${name} is ${type}, got ${value}`);
}

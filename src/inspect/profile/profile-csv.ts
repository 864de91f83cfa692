// A profile as CSV, a row a dispatch, for a spreadsheet.

import type { Profile, ProfiledDispatch } from "./profile-schema.ts";

type Cell = string | number | null;

const COLUMNS: Readonly<Record<string, (dispatch: ProfiledDispatch) => Cell>> = {
  id: ({ id }) => id,
  pass: ({ pass }) => pass,
  layer: ({ layer }) => layer,
  kernel: ({ kernel }) => kernel,
  ladder: ({ solution }) => solution?.ladder ?? null,
  rung: ({ solution }) => solution?.rung ?? null,
  grid: ({ grid }) => grid.join("×"),
  ms: ({ ms }) => ms.median,
  ms_lower: ({ ms }) => ms.lower,
  ms_upper: ({ ms }) => ms.upper,
  share: ({ share }) => share,
  flops: ({ flops }) => flops,
  useful_flops: ({ usefulFlops }) => usefulFlops,
  executed_flops: ({ executedFlops }) => executedFlops,
  bytes: ({ bytes }) => bytes,
  gflops: ({ gflops }) => gflops,
  gbs: ({ gbs }) => gbs,
  of_compute: ({ ofCompute }) => ofCompute,
  of_memory: ({ ofMemory }) => ofMemory,
  of_launch: ({ ofLaunch }) => ofLaunch,
  bound: ({ bound }) => bound,
  site: ({ site }) => site,
};

export function profileCsv({ dispatches }: Profile): string {
  const rows = dispatches.map((dispatch) =>
    Object.values(COLUMNS).map((cell) => quoted(cell(dispatch))),
  );
  return [Object.keys(COLUMNS), ...rows].map((row) => `${row.join(",")}\n`).join("");
}

function quoted(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

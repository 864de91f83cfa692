// A typical run of the step on a line of time: a track a pass, and what the host does meanwhile.

import { element, svg } from "../client/dom.ts";
import { formatMs } from "./format.ts";
import { type Step, shortName } from "./step.ts";

const PASSES = ["data", "forward", "backward", "update", "metric"] as const;
const TRACK = 34;
const LEFT = 74;
const WIDTH = 1100;

export function timelineView(
  step: Step,
  {
    selected,
    onSelect,
  }: { readonly selected: number | null; readonly onSelect: (id: number) => void },
): HTMLElement {
  const { typicalHost, method } = step.document.profile;
  const total = step.dispatches.reduce((sum, { typicalMs }) => sum + typicalMs, 0);
  const host = [
    ["encode", typicalHost.encodeMs],
    ["submit", typicalHost.submitMs],
    ["wait", typicalHost.waitMs],
  ] as const;
  const end = Math.max(
    total,
    host.reduce((sum, [, ms]) => sum + ms, 0),
    1e-9,
  );
  const x = (ms: number) => LEFT + (ms / end) * (WIDTH - LEFT - 4);
  const tracks = [
    ...PASSES.filter((pass) => step.dispatches.some((one) => one.pass === pass)),
    "host",
  ];
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${tracks.length * TRACK + 22}`,
    class: "timeline",
    role: "img",
    "aria-label": `${step.dispatches.length} dispatches in ${formatMs(total)}`,
  });
  for (const [row, name] of tracks.entries()) {
    picture.append(svg("text", { x: 0, y: row * TRACK + 21 }, name));
    picture.append(
      svg("line", {
        x1: LEFT,
        x2: WIDTH,
        y1: row * TRACK + 31,
        y2: row * TRACK + 31,
        class: "grid",
      }),
    );
  }
  let at = 0;
  for (const dispatch of step.dispatches) {
    const { id, pass, typicalMs, layer } = dispatch;
    const place = {
      x: x(at),
      width: Math.max(1, x(at + typicalMs) - x(at)),
      y: tracks.indexOf(pass) * TRACK + 4,
      height: 24,
    };
    at += typicalMs;
    picture.append(
      svg(
        "rect",
        {
          ...place,
          class: `block ${pass}${id === selected ? " selected" : ""}`,
          onclick: () => onSelect(id),
        },
        svg("title", {}, `#${id} ${layer ?? pass}: ${shortName(dispatch)}, ${formatMs(typicalMs)}`),
      ),
    );
  }
  at = 0;
  for (const [name, ms] of host) {
    const place = {
      x: x(at),
      width: Math.max(1, x(at + ms) - x(at)),
      y: (tracks.length - 1) * TRACK + 4,
      height: 24,
    };
    at += ms;
    picture.append(
      svg(
        "rect",
        { ...place, class: `block host-${name}` },
        svg("title", {}, `${name}: ${formatMs(ms)}`),
      ),
    );
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const anchor = share === 1 ? "end" : "start";
    picture.append(
      svg(
        "text",
        { x: x(share * end), y: tracks.length * TRACK + 16, "text-anchor": anchor },
        formatMs(share * end),
      ),
    );
  }
  return element(
    "div",
    {},
    element(
      "p",
      { class: "hint" },
      `One after another as they run, by ${method}; the host encodes, submits and waits. Gaps between dispatches are left out.`,
    ),
    element("div", { class: "scroll", tabindex: 0 }, element("div", { class: "wide" }, picture)),
  );
}

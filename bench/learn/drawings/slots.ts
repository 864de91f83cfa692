// Chapter 5: who lives in which slot of LeNet-5's training step, dispatch by dispatch.

import { INK, PALETTE } from "../../../src/report/charts/render.ts";
import { recordStep } from "../../recorded-step.ts";
import { area, label, svg } from "../../svg-shapes.ts";

const LEFT = 116;
const RIGHT = 668;
const TOP = 78;
const ROW = 24;
/** Of a character of the labels. */
const CHARACTER = 6.1;

export function drawSlots(): string {
  const { program, plan } = recordStep();
  const width = (RIGHT - LEFT) / program.dispatches.length;
  const x = (id: number) => LEFT + id * width;
  const y = (slot: number) => TOP + slot * ROW;
  const firstOf = (pass: string) => program.dispatches.find((d) => d.pass === pass)?.id ?? 0;
  const passes = (["forward", "backward", "update"] as const).map((pass) => {
    const from = x(firstOf(pass));
    const line = `<path d="M${from.toFixed(1)} ${TOP - 18}V${y(plan.slotBytes.length)}" stroke="${INK.axis}" stroke-dasharray="3 3"/>`;
    const anchor = pass === "update" ? "end" : "start";
    const at = anchor === "end" ? RIGHT : from + 4;
    return [line, label(at, TOP - 10, pass, { size: 12, colour: INK.muted, anchor })].join("\n");
  });
  const rows = plan.slotBytes.map((bytes, slot) => {
    const size = bytes < 1000 ? `${bytes} B` : `${Math.round(bytes / 1000)} KB`;
    return label(LEFT - 8, y(slot) + 16, `slot ${slot}, ${size}`, { size: 12, anchor: "end" });
  });
  const lives = [...plan.lives.values()].filter(({ slot }) => slot !== null);
  const tenants = lives.map(({ storage, first, last, slot }, index) => {
    const box = {
      x: x(first),
      y: y(slot ?? 0) + 2,
      width: (last + 1 - first) * width,
      height: ROW - 4,
    };
    const isGradient = /\.(dx|dz|dw|db|dlogits|w\.turned)/.test(storage.label);
    const colour = isGradient ? PALETTE.vermillion : PALETTE.blue;
    const fits = storage.label.length * CHARACTER < box.width - 6;
    const shown = fits ? [label(box.x + 4, box.y + 14, storage.label, { size: 11 })] : [];
    return [area(box, colour, { fill: index % 2 === 0 ? 0.16 : 0.24 }), ...shown].join("\n");
  });
  const bottom = y(plan.slotBytes.length);
  return svg(680, bottom + 54, [
    label(12, 30, "LeNet-5's training step, batch 50: slots, and who lives in them", {
      size: 14,
      weight: 600,
    }),
    ...passes,
    ...rows,
    ...tenants,
    label(
      12,
      bottom + 22,
      "Left to right: dispatches in the order in which they run. Blue: of the forward pass; red: gradients. Names",
      { size: 12, colour: INK.muted },
    ),
    label(
      12,
      bottom + 40,
      "where there is room for them; node bench/learn/look.mjs plan lists all.",
      { size: 12, colour: INK.muted },
    ),
  ]);
}

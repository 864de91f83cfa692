// The step's picture: a spine of layers, with blocks that grow from it to both sides.

export const STEP_CSS = `
.picture { position: relative; isolation: isolate; }
.row { display: grid; grid-template-columns: minmax(0, 1fr) 150px minmax(0, 1fr); align-items: stretch; min-height: 30px; border: 0; padding: 0; width: 100%; background: none; text-align: inherit; }
.row:hover { background: var(--mark); }
.row.head { min-height: 0; color: var(--muted); font-size: 12px; padding-bottom: 3px; }
.row.head:hover { background: none; }
.row.head .layer { border: 0; padding: 0; }
.side { display: flex; flex-wrap: wrap; align-content: center; align-items: center; gap: 2px 0; padding: 2px 0; min-width: 0; }
.side.forward { justify-content: flex-end; }
.row > .layer { display: flex; flex-direction: column; justify-content: center; align-items: center; text-align: center; padding: 2px 6px; border-inline: 1px solid var(--line); font-size: 12px; line-height: 1.25; min-width: 0; }
.row > .layer b { font-weight: 600; max-width: 100%; overflow-wrap: anywhere; }
.row > .layer span { color: var(--muted); font-size: 11px; }
.row.empty { min-height: 20px; }
.row.empty > .layer { flex-direction: row; gap: 5px; flex-wrap: wrap; }
.row.empty > .layer b { font-weight: 400; color: var(--muted); }
.row.outside { grid-template-columns: auto minmax(0, 1fr); gap: 10px; margin-block: 6px; padding: 4px 8px; border: 1px dashed var(--line); border-radius: 6px; }
.row.outside > .layer { border: 0; align-items: flex-start; text-align: left; padding: 0; color: var(--muted); }
.block { container-type: inline-size; position: relative; border: 0; background: none; padding: 0 1px; height: 26px; z-index: 1; border-radius: 4px;
  width: calc(var(--least) + max(0px, 100% - var(--most) * var(--least)) * var(--share)); min-width: var(--least); flex: none; }
.block span { display: block; height: 100%; line-height: 26px; border-radius: 3px; overflow: hidden; text-overflow: ellipsis; padding: 0 1px; text-align: center; font: 600 11.5px/26px var(--mono); color: var(--ink); white-space: nowrap;
  background: color-mix(in srgb, var(--hue) 30%, var(--paper)); border-bottom: 3px solid var(--hue); }
.block:hover span { background: color-mix(in srgb, var(--hue) 50%, var(--paper)); }
@container (max-width: 76px) { .block span { font-size: 10px; letter-spacing: -.04em; } }
@container (max-width: 19px) { .block span { color: transparent; } }
.block.chosen span { background: var(--hue); color: var(--paper); }
.block.chosen { outline: 2px solid var(--ink); outline-offset: 1px; z-index: 3; }
.block.producer, .block.consumer { outline: 2px solid color-mix(in srgb, var(--ink) 45%, transparent); outline-offset: 0; z-index: 2; }
.block.consumer { outline-style: dashed; }
.block:focus-visible { outline: 2px solid var(--accent); z-index: 4; }
.dimmed { opacity: .16; }
.links { position: absolute; inset: 0; pointer-events: none; overflow: visible; z-index: 2; }
.links path { fill: none; stroke: var(--ink); stroke-width: 1.4; opacity: .5; }
.links path.consumer { stroke-dasharray: 4 3; }
.row.group { cursor: pointer; min-height: 30px; border-top: 1px solid var(--line); }
.row.group .slice { display: block; height: 16px; background: color-mix(in srgb, var(--hue) 55%, var(--paper)); border-right: 1px solid var(--paper); flex: none; width: calc(100% * var(--share)); min-width: 1px; }
.row.group .slice.chosen { background: var(--ink); }
.row.group .side { flex-wrap: nowrap; overflow: hidden; }
.row.group > .layer b::before { content: "▸\\a0"; color: var(--muted); }
.row.group[aria-expanded=true] > .layer b::before { content: "▾\\a0"; }
.group-rows { border-left: 3px solid var(--line); background: color-mix(in srgb, var(--panel) 60%, transparent); }
.picture.roomy .row:not(.empty, .head) { min-height: 42px; }
.picture.roomy .block { height: 34px; }
.picture.roomy .block span { line-height: 34px; }
@media (max-width: 899px) {
  .row { grid-template-columns: minmax(0, 1fr) 92px minmax(0, 1fr); }
  .row > .layer { padding: 3px; font-size: 11px; }
  .block { height: 30px; }
  .block span { line-height: 30px; }
}
`;

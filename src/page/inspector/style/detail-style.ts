// The details of a dispatch: a column beside the view, or a sheet over it.

/** Of a tensor's values as pictures. */
export const PLANES_CSS = `
.planes { display: flex; flex-wrap: wrap; gap: 5px; }
.planes canvas { display: block; border: 1px solid var(--line); max-width: 100%; }
.planes figcaption { font-size: 10px; color: var(--muted); text-align: center; line-height: 1.3; }
.scale { display: flex; align-items: center; gap: 6px; font: 11px var(--mono); color: var(--muted); margin-top: 5px; }
.scale i { width: 90px; height: 7px; border: 1px solid var(--line); background: linear-gradient(90deg, #000, #fff); }
.scale.signed i { background: linear-gradient(90deg, rgb(0, 90, 181), #fff, rgb(200, 50, 20)); }
`;

export const DETAIL_CSS = `${PLANES_CSS}
.detail { background: var(--paper); border-left: 1px solid var(--line); min-width: 0; outline: none; }
.detail-head { position: sticky; top: 0; z-index: 4; background: var(--paper); border-bottom: 1px solid var(--line); border-top: 3px solid var(--hue); padding: 8px 18px; display: flex; gap: 12px; align-items: flex-start; }
.detail-head .name { min-width: 0; flex: 1; }
.detail-head h2 { font-size: 17px; font-weight: 500; line-height: 1.25; overflow-wrap: anywhere; }
.detail-head h2 b { font-family: var(--mono); font-weight: 700; }
.detail-head p { color: var(--muted); font-size: 12.5px; overflow-wrap: anywhere; }
.walk { display: flex; gap: 4px; flex: none; }
.walk .plain { min-width: 32px; min-height: 30px; }
.detail-body { padding: 12px 18px 60px; }
.meaning { font-size: 15px; margin-bottom: 10px; }
.figures { display: flex; flex-wrap: wrap; gap: 8px 20px; }
.figures dt { color: var(--muted); font-size: 11.5px; line-height: 1.2; }
.figures dd { font-variant-numeric: tabular-nums; font-weight: 600; }
.contents { display: flex; flex-wrap: wrap; gap: 2px 12px; margin: 12px 0 0; padding: 6px 0; border-block: 1px solid var(--line); }
.contents button { border: 0; background: none; padding: 1px 0; color: var(--accent); font-size: 12.5px; }
.contents button:hover { text-decoration: underline; }
.section { margin-top: 20px; scroll-margin-top: 70px; min-width: 0; }
.section > h3 { font-size: 14px; font-weight: 650; margin-bottom: 2px; overflow-wrap: anywhere; }
.section > .note { margin-bottom: 7px; }
.reason { font-size: 13px; margin-bottom: 8px; }
.reason b { font-weight: 550; }
.rungs { display: grid; gap: 5px; }
.rung { display: grid; grid-template-columns: 84px minmax(40px, 1fr) 68px minmax(0, 128px); gap: 0 9px; align-items: center; font-size: 12.5px; }
.rung .name { font-family: var(--mono); }
.rung.taken .name, .rung.taken .ms { font-weight: 700; }
.rung .ms { text-align: right; font-variant-numeric: tabular-nums; }
.rung .factor { color: var(--muted); font-size: 11.5px; }
.rung .why { grid-column: 2 / -1; color: var(--muted); font-size: 11.5px; line-height: 1.3; }
.roofline { display: block; width: 100%; height: auto; font: 11px var(--sans); overflow: visible; }
.roofline .grid { stroke: var(--line); stroke-width: .7; }
.roofline .tick, .roofline .axis { fill: var(--muted); }
.roofline .middle { text-anchor: middle; }
.roofline .end { text-anchor: end; }
.roofline .roof { fill: none; stroke: var(--ink); stroke-width: 1.6; }
.roofline .roof.inner { stroke-dasharray: 5 3; stroke-width: 1; opacity: .7; }
.roofline .roof-name { fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.roofline .dot { cursor: pointer; outline: none; }
.roofline .dot circle { fill: var(--hue); fill-opacity: .55; stroke: var(--hue); stroke-width: 1; }
.roofline .dot.faint circle { fill-opacity: .16; stroke-opacity: .35; }
.roofline .dot.chosen circle { fill-opacity: 1; stroke: var(--ink); stroke-width: 2.5; }
.roofline .dot:hover circle, .roofline .dot:focus-visible circle { stroke: var(--ink); stroke-width: 2; stroke-opacity: 1; }
.roofline .dot-name { fill: var(--ink); pointer-events: none; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.tensor, .error { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px 10px; margin-top: 8px; min-width: 0; }
.tensor > header, .error > header { display: flex; flex-wrap: wrap; gap: 0 7px; align-items: baseline; margin-bottom: 6px; font-size: 13px; overflow-wrap: anywhere; }
.tensor > header code { background: var(--mark); border-radius: 4px; padding: 0 5px; }
.values { display: grid; gap: 8px; }
.measured { display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: flex-end; }
.distribution { flex: 1 1 180px; max-width: 260px; }
.histogram { display: block; width: 100%; height: 48px; }
.histogram rect { fill: var(--accent); opacity: .75; }
.histogram line { stroke: var(--doubt); stroke-width: 1; vector-effect: non-scaling-stroke; }
.ends { display: flex; justify-content: space-between; font: 11px var(--mono); color: var(--muted); border-top: 1px solid var(--line); }
.measured .figures { gap: 4px 14px; font-size: 12.5px; }
summary { cursor: pointer; color: var(--muted); font-size: 12.5px; }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(74px, 1fr)); gap: 0 8px; font: 11.5px/1.5 var(--mono); text-align: right; margin-top: 4px; }
.numbers .below { color: var(--blue); }
.numbers .zero { color: var(--muted); }
.users { margin-top: 6px; display: flex; flex-wrap: wrap; gap: 2px 5px; align-items: center; color: var(--muted); font-size: 12.5px; }
.error .verdict { margin-left: auto; font-weight: 600; }
.error.within .verdict { color: var(--green); }
.error.outside .verdict { color: var(--doubt); }
.error .figures { margin-bottom: 8px; gap: 4px 16px; }
.listing { border: 1px solid var(--line); border-radius: 8px; background: var(--panel); max-height: 480px; overflow: auto; font: 12px/1.5 var(--mono); padding: 6px 0; position: relative; tab-size: 2; }
.listing .line { display: flex; width: max-content; min-width: 100%; }
.listing .gutter { position: sticky; left: 0; flex: none; width: 3.6em; padding-right: .8em; text-align: right; color: var(--muted); background: var(--panel); user-select: none; font-size: 11px; }
.listing .gutter::before { content: attr(data-line); }
.listing .text { white-space: pre; padding-right: 12px; }
.listing .line.left-out .text, .listing .line.left-out .text i { color: var(--muted); text-decoration: line-through color-mix(in srgb, var(--muted) 60%, transparent); }
.listing .line.entry { background: var(--mark); }
.listing .file { position: sticky; left: 0; color: var(--muted); font-size: 11px; padding: 5px 12px 1px; width: max-content; font-weight: 600; }
.listing .file:first-child { padding-top: 0; }
.listing i { font-style: normal; }
.listing .comment { color: var(--muted); font-style: italic; }
.listing .switch { color: var(--purple); font-weight: 600; }
.listing .keyword { color: var(--vermillion); }
.listing .type { color: var(--green); }
.listing .number { color: var(--blue); }
.listing .attribute { color: var(--purple); }
.listing .call { color: var(--accent); }
.wide { overflow-x: auto; margin-top: 8px; }
.wide table { border-collapse: collapse; font-size: 12.5px; min-width: 100%; }
.wide th { text-align: left; color: var(--muted); font-weight: 400; }
.wide th, .wide td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.wide td.number, .wide th:last-child { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums; }
.nothing { padding: 60px 24px; text-align: center; color: var(--muted); display: grid; gap: 14px; justify-items: center; }
@media (min-width: 900px) {
  .detail { overflow-y: auto; }
}
@media (max-width: 899px) {
  .detail { display: none; }
  .detail.open { display: block; position: fixed; inset: 0; z-index: 10; overflow-y: auto; border: 0; }
  .detail-head { padding: 8px 14px; }
  .detail-body { padding: 12px 14px 60px; }
  .walk .plain { min-width: 36px; min-height: 36px; padding: 2px 6px; }
  .rung { grid-template-columns: 78px minmax(30px, 1fr) 62px; }
  .rung .factor { grid-column: 2 / -1; }
}
@media (max-width: 479px) {
  .detail-head { flex-wrap: wrap; gap: 6px; }
  .detail-head .name { flex: 1 0 100%; }
  .walk { flex: 1; }
  .walk .plain { flex: 1; }
}
`;

// The look of the inspector's page: the step beside the dispatch that is looked at; on a narrow screen one over the other.

import { TENSOR_PICTURE_CSS } from "../client/tensor-picture.ts";

export const INSPECTOR_CSS = `${TENSOR_PICTURE_CSS}
:root { --forward: var(--blue); --backward: var(--vermillion); --update: var(--green); --metric: var(--purple);
  --data: var(--orange); }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 var(--sans); }
button, input { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.page-head { padding: 1rem 1.25rem 0.5rem; }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.35rem; line-height: 1.25; overflow-wrap: anywhere; }
h3 { margin: 0 0 0.4rem; font-size: 0.8rem; font-weight: 650; color: var(--muted); }
.page-head ul { margin: 0.2rem 0 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: 0 1.4rem;
  color: var(--muted); font-size: 0.875rem; }
.busy { margin: 0.6rem 0 0; padding: 0.45rem 0.8rem; border-left: 4px solid var(--doubt); background: var(--warn);
  font-size: 0.875rem; }
.tabs { position: sticky; top: 0; z-index: 2; display: flex; overflow-x: auto; padding: 0 1rem; background: var(--paper);
  border-bottom: 1px solid var(--line); }
.tabs button { padding: 0.55rem 0.75rem; border: 0; border-bottom: 3px solid transparent; background: none;
  color: var(--muted); }
.tabs button[aria-selected="true"] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
.layout { display: grid; grid-template-columns: minmax(0, 1fr); align-items: start; }
main { padding: 0.8rem 1.25rem 3rem; min-width: 0; outline: none; }
aside { background: var(--panel); min-width: 0; }
footer { padding: 0.8rem 1.25rem 2rem; color: var(--muted); font-size: 0.8125rem; border-top: 1px solid var(--line); }
.hint { margin: 0 0 0.6rem; max-width: 46rem; color: var(--muted); font-size: 0.875rem; overflow-wrap: anywhere; }
.controls { display: flex; flex-wrap: wrap; gap: 0.6rem; margin-bottom: 0.7rem; }
.switch { display: inline-flex; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.switch button { padding: 0.2rem 0.7rem; border: 0; background: none; }
.switch button[aria-pressed="true"] { background: var(--accent); color: var(--paper); }
input[type="search"] { flex: 1 1 12rem; min-width: 0; max-width: 22rem; padding: 0.2rem 0.6rem; border: 1px solid var(--line);
  border-radius: 6px; background: var(--paper); }
.step-head, .group { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr) minmax(0, 1fr); gap: 0.5rem; }
.step-head { padding-bottom: 0.2rem; color: var(--muted); font-size: 0.8125rem; }
.group { padding: 0.3rem 0; border-top: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 60px; }
.group[hidden], .dispatch[hidden] { display: none; }
.group.empty { opacity: 0.55; }
.name { font-size: 0.875rem; font-weight: 550; overflow-wrap: anywhere; line-height: 1.3; }
.name small { display: block; font-weight: 400; color: var(--muted); }
.cell { display: grid; gap: 3px; align-content: start; min-width: 0; }
.dispatch { --hue: var(--accent); position: relative; display: flex; gap: 0.5rem; align-items: center; width: 100%; min-width: 0;
  padding: 0.1rem 0.45rem; border: 1px solid transparent; border-radius: 4px; text-align: left; font-size: 0.8125rem;
  background: linear-gradient(to right, color-mix(in srgb, var(--hue) 38%, transparent) calc(100% * var(--share)),
    color-mix(in srgb, var(--hue) 9%, transparent) 0) border-box; }
.forward { --hue: var(--forward); } .backward { --hue: var(--backward); } .update { --hue: var(--update); }
.metric { --hue: var(--metric); } .data { --hue: var(--data); }
.dispatch:hover { border-color: var(--hue); }
.dispatch.selected { border-color: var(--hue); box-shadow: inset 0 0 0 1px var(--hue); font-weight: 600; }
.dispatch.wrong::after { content: "wrong"; color: var(--doubt); font-weight: 700; }
.what { flex: 1; min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.value { color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap; }
.detail-body { padding: 0.9rem 1.25rem 3rem; }
.detail-body > header { position: relative; padding-right: 2.4rem; }
.close { position: absolute; top: 0; right: 0; width: 2rem; height: 2rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--paper); font-size: 1.1rem; line-height: 1; }
.pass { margin: 0; color: var(--hue); font-size: 0.8125rem; font-weight: 600; }
.kernel { margin: 0.1rem 0 0.5rem; font: 0.875rem var(--mono); color: var(--muted); overflow-wrap: anywhere; }
.detail-body > section { padding: 0.9rem 0; border-top: 1px solid var(--line); }
.neighbours { padding-bottom: 0.6rem; font-size: 0.8125rem; }
.neighbours .row { display: flex; flex-wrap: wrap; gap: 0.25rem 0.4rem; margin: 0.2rem 0; align-items: baseline; }
.neighbours .title { color: var(--muted); min-width: 5.4rem; }
.link { --hue: var(--accent); padding: 0.05rem 0.45rem; border: 1px solid color-mix(in srgb, var(--hue) 40%, transparent);
  border-radius: 4px; background: none; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.link:hover { background: color-mix(in srgb, var(--hue) 14%, transparent); }
.figures { display: flex; flex-wrap: wrap; gap: 0.35rem 1.3rem; margin: 0 0 0.5rem; }
.figures dt { font-size: 0.75rem; color: var(--muted); } .figures dd { margin: 0; font-variant-numeric: tabular-nums; }
.figures small { display: block; color: var(--muted); font-size: 0.75rem; }
.timing { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 0.8rem; }
svg { display: block; width: 100%; height: auto; font: 11px var(--sans); fill: var(--muted); }
.grid { stroke: var(--line); } .roof { fill: none; stroke: var(--ink); stroke-width: 1.6; }
.roofline { max-width: 60rem; } .dot { fill: var(--hue); fill-opacity: 0.75; cursor: pointer; stroke: var(--paper); }
.dot.faint { fill-opacity: 0.25; } .dot.selected { fill-opacity: 1; stroke: var(--ink); stroke-width: 2; }
.block { fill: var(--hue); cursor: pointer; stroke: var(--paper); stroke-width: 0.6; }
.block.selected { stroke: var(--ink); stroke-width: 2; }
.host-encode { fill: var(--sky); } .host-submit { fill: var(--muted); } .host-wait { fill: var(--line); }
.live { fill: none; stroke: var(--blue); stroke-width: 2; } .strong { fill: var(--ink); font-weight: 600; }
.life { cursor: pointer; } .life rect { fill: color-mix(in srgb, var(--blue) 30%, var(--paper)); stroke: var(--blue); }
.life text { fill: var(--ink); font-size: 10px; } .life:hover rect { fill: color-mix(in srgb, var(--blue) 60%, var(--paper)); }
.scroll { overflow-x: auto; } .wide { min-width: 46rem; }
table { border-collapse: collapse; font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.9rem 0.2rem 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 500; } tr.wrong td { color: var(--doubt); font-weight: 600; }
.tensor { margin: 0.5rem 0; padding: 0.6rem 0.75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); }
.tensor header { display: flex; flex-wrap: wrap; gap: 0 0.7rem; align-items: baseline; margin-bottom: 0.4rem; }
.tensor .label { font: 0.8125rem var(--mono); overflow-wrap: anywhere; } .tensor .meta { color: var(--muted); font-size: 0.8125rem; }
.values { display: grid; grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr); gap: 0.8rem; align-items: start; }
.values > :only-child { grid-column: 1 / -1; max-width: 18rem; }
.planes { display: flex; flex-wrap: wrap; gap: 4px; min-width: 0; }
.planes canvas { max-width: 100%; height: auto; border: 1px solid var(--line); }
.histogram .bar { fill: var(--blue); } .histogram { max-width: 18rem; }
details summary { color: var(--muted); font-size: 0.8125rem; cursor: pointer; }
.numbers { margin: 0.3rem 0 0; font: 0.75rem/1.5 var(--mono); overflow-wrap: anywhere; }
.code { max-height: 26rem; overflow: auto; padding: 0.5rem 0; border: 1px solid var(--line); border-radius: 8px; background: var(--paper);
  font: 12px/1.45 var(--mono); tab-size: 2; }
.line { display: flex; width: max-content; min-width: 100%; } .line code { white-space: pre; padding-right: 1rem; font: inherit; }
.gutter { flex: 0 0 11.5rem; padding-right: 0.8rem; text-align: right; color: var(--muted); opacity: 0.75; user-select: none;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.line.dim code { opacity: 0.38; } .line.marked { background: var(--mark); font-weight: 600; }
.t-comment { color: var(--muted); font-style: italic; } .t-keyword { color: var(--vermillion); } .t-type { color: var(--blue); }
.t-number { color: var(--green); } .t-attribute { color: var(--purple); }
.rung { display: grid; grid-template-columns: 6.5rem minmax(4rem, 1fr) 5.2rem; gap: 0 0.6rem; align-items: center; padding: 0.12rem 0;
  font-size: 0.8125rem; }
.rung b { font-weight: 500; overflow: hidden; text-overflow: ellipsis; } .rung.taken b { font-weight: 700; }
.rung .track { height: 0.7rem; background: color-mix(in srgb, var(--muted) 14%, transparent); border-radius: 3px; overflow: hidden; }
.rung .bar { display: block; height: 100%; background: var(--muted); } .rung.taken .bar { background: var(--green); }
.rung .time { text-align: right; font-variant-numeric: tabular-nums; }
.rung .note { grid-column: 2 / -1; color: var(--muted); font-size: 0.75rem; }
main > div > section { padding: 0.8rem 0; border-top: 1px solid var(--line); max-width: 46rem; }
.thumbs { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-bottom: 1rem; }
.thumb { padding: 0.35rem; border: 2px solid var(--line); border-radius: 8px; background: var(--paper); font-size: 0.75rem; }
.thumb .planes canvas { width: 56px !important; } .thumb[aria-pressed="true"] { border-color: var(--accent); }
.journey-head { display: flex; flex-wrap: wrap; gap: 1.2rem; margin-bottom: 1rem; }
figure { margin: 0; } figcaption { max-width: 14rem; font-size: 0.8125rem; color: var(--muted); } .shares { flex: 1 1 16rem; max-width: 26rem; }
.shares p { margin: 0 0 0.3rem; }
.journey-step { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr) minmax(0, 1fr); gap: 0.8rem; padding: 0.6rem 0;
  border-top: 1px solid var(--line); }
.half small { display: block; color: var(--muted); }
@media (min-width: 901px) {
  .has-detail .layout { grid-template-columns: minmax(24rem, 1fr) minmax(26rem, 1.05fr); }
  aside:not(:empty) { position: sticky; top: 2.6rem; height: calc(100vh - 2.6rem); overflow-y: auto; border-left: 1px solid var(--line); }
}
@media (max-width: 900px) {
  body.has-detail { overflow: hidden; }
  aside:not(:empty) { position: fixed; inset: 0; z-index: 3; overflow-y: auto; }
}
@media (max-width: 560px) {
  main, .detail-body { padding-inline: 0.8rem; }
  .step-head { display: none; }
  .group { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.25rem; } .group > .name { grid-column: 1 / -1; }
  .group .name small { display: inline; margin-left: 0.5rem; }
  .dispatch { flex-direction: column; align-items: stretch; gap: 0; } .journey-step { grid-template-columns: minmax(0, 1fr); gap: 0.3rem; }
  .values { grid-template-columns: minmax(0, 1fr); } .gutter { flex-basis: 3rem; direction: rtl; }
}
`;

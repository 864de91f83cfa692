// The look of a watched run's page.

import { LINE_CHART_CSS } from "../client/line-chart.ts";
import { TENSOR_PICTURE_CSS } from "../client/tensor-picture.ts";

export const LIVE_STYLE = `${LINE_CHART_CSS}${TENSOR_PICTURE_CSS}
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 var(--sans); }
[hidden] { display: none !important; }
main { max-width: 1240px; margin: 0 auto; padding: 20px 20px 40px; }
h1 { font-size: 26px; margin: 0; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h1 small { font-weight: 400; font-size: 15px; color: var(--muted); margin-left: 10px; }
h2 { font-size: 15px; margin: 0; }
h3 { font-size: 12.5px; font-weight: 400; margin: 0 0 4px; color: var(--muted); }
button, input { font: inherit; color: inherit; }
button { border: 1px solid var(--line); background: var(--panel); border-radius: 6px; padding: 5px 12px; cursor: pointer; }
button:hover:not(:disabled) { border-color: var(--accent); }
button:disabled { opacity: 0.6; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
input[type="range"] { accent-color: var(--accent); min-width: 0; }

.title { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
.status { margin: 0; padding: 2px 10px; border-radius: 12px; background: var(--mark); color: var(--accent); font-size: 13.5px; overflow-wrap: anywhere; }
.status.done { color: var(--green); }
.status.doubt, .status.bad { color: var(--doubt); background: var(--warn); }
.status.busy::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 7px; border-radius: 50%;
  background: var(--accent); }
.facts { margin: 6px 0 14px; color: var(--muted); font-size: 13.5px; display: flex; flex-wrap: wrap; gap: 2px 18px; }
.facts span { overflow-wrap: anywhere; min-width: 0; }
.bars { display: grid; gap: 5px; }
.bar { display: grid; grid-template-columns: 150px 1fr; gap: 12px; align-items: center; font-size: 13.5px; font-variant-numeric: tabular-nums; }
progress { appearance: none; width: 100%; height: 8px; border: 0; border-radius: 4px; background: var(--line); overflow: hidden; }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
.gauges { display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: 10px; margin: 16px 0; }
.gauges div { background: var(--panel); border-radius: 8px; padding: 8px 12px; }
.gauges dt { font-size: 12px; color: var(--muted); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.gauges dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; white-space: nowrap; }

.controls { display: flex; flex-wrap: wrap; gap: 10px 22px; align-items: center; margin: 0 0 18px; padding: 10px 12px; border: 1px solid var(--line); border-radius: 8px; }
.controls .rate { display: flex; flex: 1 1 320px; gap: 12px; align-items: center; min-width: 0; }
.controls .rate label { white-space: nowrap; }
.controls .rate input[type="range"] { flex: 1; }
#rate-field { width: 92px; border: 1px solid var(--edge); border-radius: 6px; padding: 4px 8px; background: var(--paper); font-variant-numeric: tabular-nums; }
.stop { border-color: var(--doubt); color: var(--doubt); margin-left: auto; }
.complaint { margin: 0; color: var(--doubt); flex-basis: 100%; }
.complaint:empty { display: none; }

.cards, .pictures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.card { border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px 14px; min-width: 0; }
.card header { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; justify-content: space-between; margin-bottom: 8px; }
.full, .pictures, .scrub { grid-column: 1 / -1; }
.legend { margin: 0; font-size: 12.5px; color: var(--muted); display: flex; flex-wrap: wrap; gap: 0 14px; font-variant-numeric: tabular-nums; }
.legend .key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
.legend b { color: var(--ink); font-weight: 600; }
.note, .empty { margin: 0; font-size: 13px; color: var(--muted); }
.actions { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; }
.scrolls { overflow-x: auto; }
.scrub { display: flex; gap: 12px; align-items: center; }
.scrub input { flex: 1; max-width: 420px; }
.scrub output { font-variant-numeric: tabular-nums; min-width: 2ch; }

.confusion { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; width: 100%; }
.confusion td { text-align: center; min-width: 27px; height: 27px; border: 1px solid var(--paper); }
.confusion th { font-weight: 400; color: var(--muted); text-align: right; padding-right: 8px; white-space: nowrap; }
.confusion thead th { vertical-align: bottom; padding: 0 0 4px; text-align: center; }
.confusion thead th span { writing-mode: vertical-rl; transform: rotate(180deg); }
.confusion thead .corner { text-align: right; padding-right: 8px; }
.confusion .recall { color: var(--muted); padding-left: 6px; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); gap: 10px 8px; }
.mistakes figure { margin: 0; min-width: 0; }
.mistakes canvas { width: 100%; aspect-ratio: 1; border-radius: 4px; display: block; }
.mistakes figcaption { font-size: 11.5px; line-height: 1.3; display: flex; flex-wrap: wrap; gap: 0 5px; margin-top: 3px; }
.given { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px; }
.given figure { margin: 0; display: flex; flex-wrap: wrap; gap: 4px; }
.given canvas { width: 72px; aspect-ratio: 1; border-radius: 4px; display: block; }
.given figcaption { flex-basis: 100%; font-size: 11.5px; color: var(--muted); }
.mistakes .label { color: var(--muted); flex-basis: 100%; }
.insides { display: grid; gap: 14px; }
.strip > div { display: flex; flex-wrap: wrap; gap: 5px; }
.strip canvas { width: 62px; height: auto; border-radius: 3px; border: 1px solid var(--line); }
.strip.filters canvas { width: 46px; }

.tabs { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 8px; }
.tabs button { font-size: 13px; padding: 3px 10px; }
.tabs [aria-pressed="true"] { background: var(--mark); border-color: var(--accent); color: var(--accent); }
.figures { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100%; }
.figures th { text-align: left; font-weight: 400; color: var(--muted); padding: 3px 12px 3px 0; white-space: nowrap; }
.figures tbody th { color: var(--ink); font-family: var(--mono); font-size: 12.5px; }
.figures td { padding: 3px 14px 3px 0; white-space: nowrap; border-top: 1px solid var(--line); }
.figures tbody th { border-top: 1px solid var(--line); }
.figures tr.best th, .figures tr.best td { background: var(--mark); font-weight: 600; }
.figures tr.running td { color: var(--accent); }
.figures tr.bad td { color: var(--doubt); }
.histogram rect { fill: var(--blue); }
.sparkline polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; }
.times { display: grid; gap: 4px; }
.time { display: grid; grid-template-columns: minmax(90px, 170px) 1fr 76px 42px; gap: 10px; align-items: center; font-size: 13px; }
.time .name { font-family: var(--mono); font-size: 12.5px; overflow: hidden; text-overflow: ellipsis; }
.time .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { display: flex; height: 14px; }
.track i { height: 100%; }
.parallel { margin-bottom: 10px; }
.parallel svg { display: block; font: 11px var(--sans); }
.parallel .axis { stroke: var(--line); stroke-width: 1.5; }
.parallel .name { fill: var(--ink); text-anchor: middle; }
.parallel .mark { fill: var(--ink); stroke: var(--paper); stroke-width: 3; paint-order: stroke; pointer-events: none; }
.parallel .trial { fill: none; stroke-width: 2; opacity: 0.85; stroke-linejoin: round; }
.parallel .trial.best { stroke-width: 4; opacity: 1; }
.parallel .trial.running { stroke-dasharray: 4 4; }
.parallel .trial.out { stroke-width: 5; opacity: 1; }
footer { margin-top: 22px; }
.waiting { color: var(--muted); }

@media (max-width: 820px) {
  main { padding: 14px 12px 30px; }
  .cards, .pictures { grid-template-columns: minmax(0, 1fr); }
  .bar { grid-template-columns: 1fr; gap: 2px; }
  .confusion { font-size: 11px; }
  .confusion td { min-width: 20px; height: 24px; padding: 0; }
  .confusion .recall { display: none; }
  .time { grid-template-columns: minmax(70px, 110px) 1fr 70px 36px; gap: 6px; }
}
@media print { .controls, footer, .scrub { display: none; } .card { break-inside: avoid; } }
`;

// The look of the site's page; what it shows of a training looks as a watched run does.

import { PLANES_CSS } from "../inspector/style/detail-style.ts";
import { BAR_CSS } from "../inspector/style/shell-style.ts";
import { JOURNEY_CSS } from "../inspector/style/views-style.ts";
import { LIVE_STYLE } from "../live/live-style.ts";
import { KERNELS_STYLE } from "./kernels/kernels-style.ts";

export const WEB_STYLE = `${LIVE_STYLE}${PLANES_CSS}${BAR_CSS}${JOURNEY_CSS}${KERNELS_STYLE}
.top { display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: baseline; padding: 12px 20px 0; border-bottom: 1px solid var(--line); background: var(--panel); }
.top h1 { font-size: 20px; }
.adapter { margin: 0; color: var(--muted); font-size: 13.5px; overflow-wrap: anywhere; }
.rooms { display: flex; flex-wrap: wrap; flex-basis: 100%; gap: 0 4px; }
.rooms a { color: var(--muted); text-decoration: none; padding: 8px 12px 7px; border-bottom: 2px solid transparent; }
.rooms a:hover { color: var(--ink); }
.rooms a[aria-current] { color: var(--ink); border-bottom-color: var(--accent); font-weight: 600; }
#page > .complaint { max-width: 1200px; margin: 12px auto 0; padding: 8px 12px; background: var(--warn); border-left: 3px solid var(--doubt); white-space: pre-wrap; overflow-wrap: anywhere; }
#page > .complaint small { display: block; color: var(--muted); }
.stage { max-width: 1200px; margin: 12px auto 0; padding: 0 20px; display: grid; grid-template-columns: 220px 1fr; gap: 12px; align-items: center; font-size: 13.5px; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: 10px 14px; align-items: end; margin: 0 0 14px; }
.field span { display: block; font-size: 12.5px; color: var(--muted); margin-bottom: 2px; }
.field input, .field select { width: 100%; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: 6px; padding: 5px 8px; height: 34px; }
.go { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 600; }
.data { border: 1px dashed var(--line); border-radius: 8px; padding: 8px 12px; margin: 0 0 14px; }
.data.over { border-color: var(--accent); background: var(--mark); }
.drop button { font-size: 12.5px; padding: 1px 8px; margin: 0 4px 0 0; }
main > section > .note { margin-bottom: 10px; }
.try h3 { font-size: 15px; font-weight: 650; color: var(--ink); margin: 22px 0 4px; }
.try .data { display: flex; flex-wrap: wrap; gap: 14px 24px; align-items: end; }
.verdict { font-size: 20px; margin: 8px 0; }
.drawing { display: grid; gap: 6px; justify-items: start; }
.board { width: 224px; height: 224px; border: 1px solid var(--line); border-radius: 6px; touch-action: none; cursor: crosshair; }
.camera { width: 224px; border-radius: 6px; }
.shown { margin: 0; width: 112px; }
.shown canvas { width: 100%; display: block; border-radius: 4px; }
.kept:empty { display: none; }
.kept { background: var(--mark); border-radius: 6px; padding: 6px 12px; font-size: 13.5px; }
.planes figure { margin: 0; }
.samples { display: flex; flex-wrap: wrap; gap: 8px; margin: 6px 0 16px; }
.samples figure { margin: 0; width: 64px; }
.samples canvas { width: 100%; border-radius: 4px; display: block; }
.samples figcaption { font-size: 11.5px; color: var(--muted); overflow-wrap: anywhere; }
iframe.inspector { width: 100%; height: 82vh; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); }
.none dt { font-weight: 600; margin-top: 8px; }
.none dd { margin: 0; color: var(--muted); }
@media (max-width: 820px) {
  .stage { grid-template-columns: 1fr; gap: 2px; padding: 0 12px; }
  .top { padding: 10px 12px 0; }
  .rooms { gap: 0; }
  .rooms a { padding: 8px 7px 7px; }
  iframe.inspector { height: 92vh; }
}
`;

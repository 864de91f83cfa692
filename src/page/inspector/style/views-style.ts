// The views beside the step's picture: timeline, memory, ladders, images.

/** Of an image's way through a network. */
export const JOURNEY_CSS = `
.totals { display: grid; gap: 3px; max-width: 900px; }
.total { display: grid; grid-template-columns: minmax(0, 190px) minmax(40px, 1fr) 70px minmax(0, 230px); gap: 10px; align-items: center; font-size: 12.5px; }
.total .name { overflow-wrap: anywhere; }
.total .ms { text-align: right; font-variant-numeric: tabular-nums; }
.total.true .name { font-weight: 650; }
.verdicts { display: grid; grid-template-columns: 250px minmax(0, 1fr); gap: 24px; }
.verdicts h3 { margin-top: 8px; }
.verdicts .totals { margin-top: 8px; }
.verdicts .total { grid-template-columns: minmax(0, 110px) minmax(40px, 1fr) 60px; }
.overlay { position: relative; width: max-content; background: #000; margin: 8px 0; }
.overlay canvas { display: block; }
.overlay canvas + canvas { position: absolute; inset: 0; background: none; }
.overlay-box label { display: flex; align-items: center; gap: 6px; font-size: 12.5px; color: var(--muted); }
.overlay-box input { flex: 1; max-width: 130px; accent-color: var(--accent); }
.stations { display: grid; gap: 10px; }
.station { border-top: 1px solid var(--line); padding-top: 7px; content-visibility: auto; contain-intrinsic-size: auto 180px; }
.station > header { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; }
.halves { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; }
.half h4 { font-size: 12px; font-weight: 500; color: var(--muted); margin: 3px 0; }
.half .planes figcaption { display: none; }
.more-values { margin-top: 3px; }
@media (max-width: 899px) {
  .total { grid-template-columns: minmax(0, 120px) minmax(30px, 1fr) 62px; gap: 8px; }
  .total .muted { display: none; }
  .verdicts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .halves { gap: 10px; }
}
`;

export const VIEWS_CSS = `${JOURNEY_CSS}
.view h3 { font-size: 15px; font-weight: 650; margin: 22px 0 4px; overflow-wrap: anywhere; }
.scroller { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; margin-top: 8px; }
.strip { position: relative; min-width: 100%; padding-bottom: 4px; }
.ruler { position: relative; height: 22px; border-bottom: 1px solid var(--line); font-size: 11px; color: var(--muted); overflow: hidden; }
.ruler span { position: absolute; top: 3px; padding-left: 4px; border-left: 1px solid var(--line); height: 20px; white-space: nowrap; }
.lane { position: relative; height: 46px; border-bottom: 1px solid var(--line); }
.lane:last-child { border-bottom: 0; }
.lane-name { position: sticky; left: 6px; top: 0; font-size: 11px; color: var(--muted); pointer-events: none; line-height: 15px; display: inline-block; }
.time-bar { position: absolute; top: 16px; height: 26px; border: 0; padding: 0; min-width: 2px; overflow: hidden; border-radius: 2px; background: color-mix(in srgb, var(--hue) 45%, var(--paper)); border-left: 1px solid var(--hue); container-type: inline-size; text-align: left; }
.time-bar span { font-size: 11px; white-space: nowrap; padding-left: 4px; line-height: 26px; display: block; overflow: hidden; text-overflow: ellipsis; }
@container (max-width: 40px) { .time-bar span { display: none; } }
.time-bar:hover { background: var(--hue); }
.time-bar.chosen { background: var(--hue); color: var(--paper); outline: 2px solid var(--ink); z-index: 2; overflow: visible; }
.time-bar.host { --hue: var(--muted); }
.time-bar.host.submit { background: color-mix(in srgb, var(--hue) 30%, var(--paper)); }
.time-bar.host.wait { background: color-mix(in srgb, var(--hue) 15%, var(--paper)); }
.memory-plot { position: relative; min-width: 560px; padding: 20px 0 0; }
.live { display: block; width: 100%; height: 90px; border-bottom: 1px solid var(--line); }
.live polygon { fill: var(--accent); opacity: .35; }
.slots { display: grid; gap: 1px; background: var(--line); }
.slot { position: relative; background: var(--paper); }
.life { position: absolute; bottom: 0; border: 0; padding: 0; border-radius: 2px; background: color-mix(in srgb, var(--hue) 38%, var(--paper)); border-left: 2px solid var(--hue); overflow: hidden; container-type: size; text-align: left; }
.life span { font-size: 11px; line-height: 1.2; padding-left: 3px; white-space: nowrap; display: block; overflow: hidden; text-overflow: ellipsis; }
@container (max-width: 34px) or (max-height: 11px) { .life span { display: none; } }
.life:hover { background: var(--hue); }
.peak { position: absolute; top: 0; bottom: 0; width: 0; border-left: 1.5px dashed var(--doubt); pointer-events: none; }
.peak span { position: absolute; top: 1px; left: 5px; font-size: 12px; color: var(--doubt); white-space: nowrap; font-weight: 600; }
.peak.left span { left: auto; right: 5px; }
.cursor { position: absolute; top: 20px; bottom: 0; width: 0; border-left: 2px solid var(--ink); opacity: .6; pointer-events: none; }
.chart-box { max-width: 900px; }
.ladder-group .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 10px; }
.ladder-card { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; min-width: 0; }
.ladder-card header { display: flex; justify-content: space-between; gap: 12px; margin-bottom: 5px; flex-wrap: wrap; }
.ladder-card .gain { color: var(--green); font-weight: 600; font-size: 13px; }
.picks { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0; }
.pick { border: 1px solid var(--line); border-radius: 8px; background: var(--paper); padding: 6px; display: grid; justify-items: center; gap: 2px; font-size: 11.5px; min-width: 84px; }
.pick[aria-pressed=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--mark); }
.pick:hover { border-color: var(--accent); }
@media (max-width: 899px) {
  .ruler .minor { display: none; }
}
`;

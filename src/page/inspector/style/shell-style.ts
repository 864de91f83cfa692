// The frame of the page: head, tabs, search, and two columns that scroll on their own where there is room.

/** Of a share as a bar. */
export const BAR_CSS = `
span.bar { display: block; height: 10px; background: color-mix(in srgb, var(--line) 55%, transparent); border-radius: 3px; overflow: hidden; align-self: center; }
span.bar i { display: block; height: 100%; min-width: 1px; background: var(--hue); border-radius: 3px; }
span.bar.none { background: repeating-linear-gradient(135deg, transparent 0 4px, var(--line) 4px 5px); }
`;

export const SHELL_CSS = `${BAR_CSS}
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/1.45 var(--sans); }
button, input { font: inherit; color: inherit; }
button { cursor: pointer; }
button:disabled { cursor: default; opacity: .35; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
h1, h2, h3, h4, p, dl, dd, figure { margin: 0; }
code, kbd { font-family: var(--mono); font-size: .92em; }
kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 .35em; background: var(--panel); white-space: nowrap; }
small { font-size: .82em; color: var(--muted); font-weight: 400; white-space: nowrap; }
.muted { color: var(--muted); }
.right { margin-left: auto; }
.bad { color: var(--doubt); }
.note { color: var(--muted); max-width: 74ch; font-size: 13px; }
.loading { padding: 24px; color: var(--muted); }
#page { display: flex; flex-direction: column; min-height: 100vh; }
.page-head { display: grid; grid-template-columns: 1fr auto; gap: 4px 24px; align-items: end; padding: 12px 20px 10px; }
.page-head h1 { font-size: 20px; font-weight: 650; letter-spacing: -.01em; line-height: 1.2; }
.page-head h1 em { font-style: normal; }
.page-head .title p { color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 20px; color: var(--muted); font-size: 13px; }
.fact b { color: var(--ink); font-size: 17px; font-weight: 600; font-variant-numeric: tabular-nums; }
.share-line { grid-column: 1 / -1; display: flex; height: 5px; gap: 2px; margin-top: 6px; }
.share-line i { background: var(--hue); min-width: 2px; border-radius: 1px; }
.warning { grid-column: 1 / -1; background: var(--warn); border-left: 3px solid var(--doubt); padding: 4px 10px; font-size: 13px; margin-top: 4px; }
nav.bar { display: flex; align-items: center; gap: 14px; padding: 0 20px; border-block: 1px solid var(--line); background: var(--panel); position: sticky; top: 0; z-index: 5; }
.tabs { display: flex; overflow-x: auto; scrollbar-width: none; margin-right: auto; }
.tabs button { border: 0; background: none; padding: 9px 12px 7px; border-bottom: 2px solid transparent; color: var(--muted); white-space: nowrap; }
.tabs button:hover { color: var(--ink); }
.tabs button[aria-selected=true] { color: var(--ink); border-bottom-color: var(--accent); font-weight: 600; }
.tabs button:focus-visible { outline-offset: -2px; }
.search { display: flex; align-items: center; gap: 6px; min-width: 0; }
.search input { width: 210px; min-width: 0; padding: 3px 8px; border: 1px solid var(--edge); border-radius: 6px; background: var(--paper); }
.found { color: var(--muted); font-size: 12px; min-width: 5.5em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.plain { border: 1px solid var(--line); background: var(--paper); border-radius: 6px; padding: 2px 9px; }
.plain:hover:enabled, .choice button:hover { border-color: var(--accent); }
.start { border: 0; background: var(--accent); color: var(--paper); border-radius: 6px; padding: 7px 14px; font-weight: 600; }
.split { flex: 1; min-height: 0; }
main { padding: 14px 20px 40px; min-width: 0; outline: none; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 18px; margin: 10px 0; }
.choice { display: inline-flex; align-items: center; }
.choice .caption { color: var(--muted); font-size: 12px; margin-right: 7px; }
.choice button { border: 1px solid var(--line); background: var(--paper); padding: 2px 9px; font-size: 12.5px; margin-left: -1px; white-space: nowrap; }
.choice button:first-of-type { border-radius: 6px 0 0 6px; }
.choice button:last-of-type { border-radius: 0 6px 6px 0; }
.choice button[aria-pressed=true] { background: var(--accent); border-color: var(--accent); color: var(--paper); }
.legend { display: inline-flex; flex-wrap: wrap; gap: 2px 12px; color: var(--muted); font-size: 12px; }
.legend span::before { content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 2px; background: var(--hue); margin-right: 5px; }
.dispatch-link { border: 1px solid var(--line); border-left: 3px solid var(--hue); background: var(--paper); border-radius: 4px; padding: 0 7px; font-size: 12.5px; margin: 1px 0; text-align: left; max-width: 100%; overflow-wrap: anywhere; }
.dispatch-link:hover { border-color: var(--hue); }
.dispatch-link .number { color: var(--muted); font-variant-numeric: tabular-nums; }
.more { border: 0; background: none; color: var(--accent); padding: 0 4px; font-size: 12.5px; text-decoration: underline; }
.chips { display: flex; flex-wrap: wrap; gap: 4px; }
.chip { border: 1px solid var(--line); border-radius: 10px; padding: 0 8px; font: 12px/1.6 var(--mono); color: var(--muted); }
.chip.on { color: var(--ink); background: var(--mark); border-color: color-mix(in srgb, var(--accent) 40%, var(--line)); }
dialog.help { border: 1px solid var(--line); border-radius: 10px; background: var(--paper); color: var(--ink); padding: 18px 24px; max-width: min(560px, calc(100vw - 32px)); box-shadow: 0 12px 40px var(--shade); }
dialog.help::backdrop { background: var(--shade); }
dialog.help h2 { font-size: 15px; margin-bottom: 6px; }
dialog.help dl { display: grid; grid-template-columns: auto 1fr; gap: 5px 14px; margin-bottom: 16px; }
dialog.help dt { font-weight: 600; }
@media (min-width: 900px) {
  #page { height: 100vh; }
  nav.bar { position: static; }
  .split { display: grid; grid-template-columns: minmax(0, 1fr) minmax(430px, 44%); }
  main { overflow-y: auto; }
}
@media (max-width: 899px) {
  .page-head { grid-template-columns: 1fr; padding: 12px 14px 10px; }
  main { padding: 12px 14px 40px; }
  nav.bar { flex-wrap: wrap; gap: 0 10px; padding: 0 8px 6px; }
  .tabs { flex: 1 0 100%; justify-content: space-between; }
  .tabs button { padding: 9px 5px 7px; font-size: 13px; }
  .search { flex: 1; }
  .search input { flex: 1; width: 0; }
  .search kbd { display: none; }
  .found:empty { display: none; }
  .found { min-width: 0; }
  body.has-detail { overflow: hidden; }
}
@media (prefers-reduced-motion: no-preference) {
  .block, .time-bar, .life { transition: opacity .12s; }
}
@media print {
  #page { height: auto; }
  main, .detail { overflow: visible; }
}
`;

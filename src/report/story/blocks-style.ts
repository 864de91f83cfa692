// The look of a story's richer blocks: tabs without a script, and galleries of small pictures.

/** A panel for each place; tabs have at most as many. */
const PANELS = Array.from(
  { length: 6 },
  (_, i) => `.tabs > input:nth-of-type(${i + 1}):checked ~ .panels > :nth-child(${i + 1})`,
).join(",\n");

export const BLOCKS_CSS = `
.tabs { min-width: 0; margin: 1.5rem 0 1.9rem; padding: 0; border: 0; }
.tabs > legend, .tabs > input { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.tabs > label { display: inline-block; margin: 0 0.4rem 0.4rem 0; padding: 0.3rem 0.85rem; border: 1px solid var(--line);
  border-radius: 99rem; font-size: 0.9rem; cursor: pointer; color: var(--muted); }
.tabs > label:hover { color: var(--accent); border-color: var(--accent); }
.tabs > input:checked + label { background: var(--accent); border-color: var(--accent); color: var(--paper); }
.tabs > input:focus-visible + label { outline: 2px solid var(--accent); outline-offset: 2px; }
.panels > div { display: none; }
.panels > div > figure:first-of-type { margin-top: 0.5rem; }
.tab-title { display: none; font-weight: 600; }
${PANELS} { display: block; }
pre:not(.commands) { font: 0.8125rem/1.15 var(--mono); }
pre:not(.commands) code { font: inherit; }
.grid { display: grid; gap: 0 1.4rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.grid > * { min-width: 0; }
main ul.gallery { max-width: none; margin: 0; padding: 0; list-style: none; display: grid; gap: 0.9rem;
  grid-template-columns: repeat(auto-fill, minmax(13.4rem, 1fr)); }
.gallery > li { display: grid; grid-template-columns: 4.6rem 1fr; gap: 0.1rem 0.8rem; align-content: start; margin: 0;
  padding: 0.8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); break-inside: avoid; }
.gallery img { width: 100%; aspect-ratio: 1; border-radius: 4px; image-rendering: pixelated; }
.gallery > li > div { align-self: center; min-width: 0; }
.gallery strong { display: block; font-size: 0.9375rem; line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; }
.gallery > li > div > span { display: block; margin-top: 0.15rem; font-size: 0.8125rem; line-height: 1.35; color: var(--muted); }
main .gallery ul { grid-column: 1 / -1; max-width: none; margin: 0.45rem 0 0; padding: 0; list-style: none; }
.gallery ul > li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.6rem; margin: 0.3rem 0 0;
  font-size: 0.8125rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
.gallery ul span:first-child { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.gallery i { grid-column: 1 / -1; height: 4px; margin-top: 2px; border-radius: 2px; overflow: hidden;
  background: var(--line); print-color-adjust: exact; }
.gallery b { display: block; height: 100%; background: var(--muted); print-color-adjust: exact; }
.gallery .right span { color: var(--green); font-weight: 600; }
.gallery .right b { background: var(--green); }
.gallery .wrong span { color: var(--doubt); font-weight: 600; }
.gallery .wrong b { background: var(--vermillion); }
main ul.strips { max-width: none; margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
.strips > li { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: 0.3rem 1.2rem; align-items: center; margin: 0;
  padding: 0.55rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.strips strong { display: block; font-size: 0.9375rem; line-height: 1.35; font-weight: 600; }
.strips span { display: block; font-size: 0.8125rem; line-height: 1.35; color: var(--muted); font-variant-numeric: tabular-nums; }
.strips img { display: block; width: 100%; height: auto; image-rendering: pixelated; }
@media (prefers-color-scheme: dark) { .grey img { filter: invert(1); } }
@media (max-width: 40rem) {
  .strips > li { grid-template-columns: minmax(0, 1fr); }
  main ul.gallery { grid-template-columns: repeat(auto-fill, minmax(9.8rem, 1fr)); gap: 0.6rem; }
  .gallery > li { grid-template-columns: 3.6rem 1fr; gap: 0.1rem 0.6rem; padding: 0.6rem; }
  .gallery strong { font-size: 0.875rem; }
  .scores:has(> :nth-child(4)) { grid-template-columns: 1fr 1fr; }
  .scores:has(> :nth-child(4)) > div { padding: 0.75rem 0.85rem; }
  .scores:has(> :nth-child(4)) strong { font-size: 1.6rem; }
}
@media (min-width: 40.01rem) {
  .scores:has(> :nth-child(4)) { grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
}
@media print {
  .tabs > label { display: none; }
  .panels > div, .tab-title { display: block; break-inside: avoid; }
  .grey img { filter: none; }
}
`;

// The look of a story's web page: one column of text, wider figures, tables that scroll by themselves, light and dark,
// and paper. Colours and faces are the theme's; nothing is fetched.

export const STORY_CSS = `
:root { --text: 44rem; --wide: 58rem; }
@media (prefers-color-scheme: dark) {
  .chart { filter: invert(0.93) hue-rotate(180deg); }
}
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 0 1.1rem 5rem; max-width: calc(var(--wide) + 2.2rem);
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.62 var(--sans);
}
header { padding: 4rem 0 1rem; }
h1 { margin: 0; font-size: clamp(1.9rem, 6vw, 3rem); line-height: 1.12; letter-spacing: -0.022em; }
.subtitle { margin: 0.6rem 0 1.4rem; font-size: clamp(1.1rem, 3vw, 1.35rem); color: var(--muted); }
.facts { margin: 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.6rem;
  font-size: 0.875rem; color: var(--muted); }
nav { margin: 1.4rem 0 0; border-block: 1px solid var(--line); }
nav ul { margin: 0; padding: 0.7rem 0; list-style: none; display: flex; flex-wrap: wrap; gap: 0.15rem 1.3rem; }
nav a { display: inline-block; padding: 0.2rem 0; font-size: 0.9375rem; text-decoration: none; }
a { color: var(--accent); }
a:hover { text-decoration: underline; }
section { padding-top: 1.2rem; }
h2 { margin: 2.6rem 0 0.9rem; font-size: 1.65rem; line-height: 1.25; letter-spacing: -0.012em; scroll-margin-top: 1rem; }
h3 { margin: 2.2rem 0 0.6rem; font-size: 1.18rem; line-height: 1.35; }
p, main ul, .note { max-width: var(--text); }
p { margin: 0 0 1.05rem; }
main ul { margin: 0 0 1.05rem; padding-left: 1.25rem; }
li { margin: 0.2rem 0; }
code { font: 0.875em/1.5 var(--mono);
  overflow-wrap: anywhere; }
p code, li code, td code, dd code { padding: 0.1em 0.3em; border-radius: 4px; background: var(--panel); }
pre { margin: 0; padding: 0.95rem 1.1rem; overflow-x: auto; border-radius: 8px; background: var(--panel);
  line-height: 1.2; tab-size: 2; }
pre.commands { line-height: 1.55; white-space: pre-wrap; }
pre code { overflow-wrap: normal; font-size: 0.8125rem; }
section > pre { margin-bottom: 1.3rem; }
.note { padding: 0.85rem 1.1rem; border-left: 4px solid var(--doubt); border-radius: 0 8px 8px 0; background: var(--warn); }
figure { margin: 1.5rem 0 1.9rem; }
figcaption { max-width: var(--text); margin-top: 0.6rem; font-size: 0.9rem; line-height: 1.5; color: var(--muted); }
.picture { border: 1px solid #dfe4e9; border-radius: 8px; background: #fff; overflow: hidden; text-align: center; }
.picture svg, .picture img { display: block; width: 100%; height: auto; margin: 0 auto; }
.picture img { image-rendering: pixelated; }
.picture.narrow { display: none; }
.scroll { overflow-x: auto; max-width: 100%;
  background:
    linear-gradient(to right, var(--paper) 30%, transparent) left / 2.5rem 100%,
    linear-gradient(to left, var(--paper) 30%, transparent) right / 2.5rem 100%,
    radial-gradient(farthest-side at 0 50%, var(--shade), transparent) left / 0.9rem 100%,
    radial-gradient(farthest-side at 100% 50%, var(--shade), transparent) right / 0.9rem 100%;
  background-repeat: no-repeat; background-attachment: local, local, scroll, scroll; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.9375rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
th, td { padding: 0.5rem 0.9rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
tr > :first-child { padding-left: 0.4rem; }
thead th { font-size: 0.8125rem; font-weight: 600; color: var(--muted); vertical-align: bottom;
  border-bottom: 2px solid var(--line); }
tbody th { font-weight: 500; }
.named tbody th { min-width: 9.5rem; }
table:not(.named) tbody th { white-space: nowrap; }
.dense { font-size: 0.8125rem; }
.dense th, .dense td { padding-inline: 0.5rem; }
td.number, th.number { text-align: right; white-space: nowrap; }
thead th.number { white-space: normal; }
tr.strong > * { background: var(--mark); font-weight: 650; }
.scores { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0.9rem; margin: 1.6rem 0; }
.scores div { padding: 1rem 1.15rem 1.05rem; border: 1px solid var(--line); border-top: 4px solid var(--accent);
  border-radius: 8px; background: var(--panel); }
.scores .doubtful { border: 1px dashed var(--doubt); border-top: 4px dashed var(--doubt); background: none; }
.scores dt { font-size: 0.875rem; font-weight: 600; }
.scores dd { margin: 0; font-size: 0.875rem; line-height: 1.45; color: var(--muted); }
.scores strong { display: block; margin: 0.1rem 0 0.25rem; font-size: 2.1rem; line-height: 1.2; letter-spacing: -0.02em;
  font-weight: 650; color: var(--ink); font-variant-numeric: tabular-nums; }
.scores .doubtful strong { color: var(--doubt); }
details { margin: 0 0 1.5rem; }
summary { width: fit-content; padding: 0.25rem 0; cursor: pointer; color: var(--accent); font-size: 0.9375rem; }
details > figure { margin-top: 0.7rem; }
@media (max-width: 40rem) {
  body { font-size: 1rem; }
  header { padding-top: 2.2rem; }
  h2 { margin-top: 2rem; font-size: 1.4rem; }
  th, td { padding: 0.42rem 0.65rem; }
  .scores { grid-template-columns: 1fr; gap: 0.7rem; }
  .picture.wide { display: none; }
  .picture.narrow { display: block; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  header { padding-top: 0; }
  nav { display: none; }
  .chart { filter: none; }
  figure, tr, .note, .scores div { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll, pre { overflow: visible; }
  pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; display: block; }
}
`;

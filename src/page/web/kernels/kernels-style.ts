// The look of the room where kernels are edited.

export const KERNELS_STYLE = `
.kernels { display: grid; grid-template-columns: 230px minmax(0, 1fr); gap: 18px; align-items: start; }
.kernels > nav ul { list-style: none; margin: 0 0 12px; padding: 0; }
.kernels > nav button { width: 100%; text-align: left; border-color: transparent; background: none; padding: 3px 8px; font: 12.5px var(--mono); overflow-wrap: anywhere; }
.kernels > nav button[aria-current] { background: var(--mark); border-color: var(--accent); }
.kernels > nav small { display: block; color: var(--doubt); font: 11.5px var(--sans); }
.kernels > nav .exercise button { font-family: var(--sans); }
.kernels > nav .exercise small { color: var(--muted); }
.kernels .actions { margin: 8px 0; }
.kernels .task { margin: 0 0 10px; padding: 8px 12px; background: var(--panel); border-radius: 8px; font-size: 13.5px; }
.kernels .cm-editor { border: 1px solid var(--line); border-radius: 6px; height: min(62vh, 640px); }
.wgsl-comment { color: var(--muted); font-style: italic; }
.wgsl-switch { color: var(--purple); font-weight: 600; }
.wgsl-keyword { color: var(--vermillion); }
.wgsl-type { color: var(--green); }
.wgsl-number { color: var(--blue); }
.wgsl-attribute { color: var(--purple); }
.wgsl-call { color: var(--accent); }
.outcome { font-size: 15px; font-weight: 650; margin: 14px 0 4px; color: var(--doubt); }
.outcome.done { color: var(--green); }
.faults { margin: 4px 0; padding: 0; list-style: none; font: 12.5px/1.5 var(--mono); color: var(--doubt); white-space: pre-wrap; overflow-wrap: anywhere; }
.faults button { font: inherit; padding: 0 6px; color: var(--doubt); }
.checks { border-collapse: collapse; font-size: 12.5px; margin: 10px 0; font-variant-numeric: tabular-nums; }
.checks th { text-align: left; font-weight: 400; color: var(--muted); }
.checks th, .checks td { padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line); }
.checks tr.bad td { color: var(--doubt); }
@media (max-width: 820px) {
  .kernels { grid-template-columns: minmax(0, 1fr); }
  .kernels > nav { max-height: 34vh; overflow-y: auto; border: 1px solid var(--line); border-radius: 6px; padding: 6px 8px; }
}
`;

// Colours, faces and sizes of every page that Vitrine writes or serves: light, dark as the reader's system asks, and paper. What a
// page adds uses these names, so that one look is changed in one place.

export const THEME_CSS = `
:root {
  color-scheme: light dark;
  --ink: #1f2328; --muted: #59636e; --paper: #ffffff; --panel: #f5f7f9; --line: #dfe4e9; --edge: #818b98;
  --accent: #0b62a0; --doubt: #b24a00; --mark: #0b62a014; --warn: #fff5e8; --shade: #0000003d;
  --blue: #006eac; --vermillion: #b04800; --green: #00785a; --purple: #9d4c7b; --sky: #56b4e9; --orange: #c98600;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e3e7eb; --muted: #9aa5b1; --paper: #12161b; --panel: #1b2128; --line: #303841; --edge: #6b7683;
    --accent: #6db8ee; --doubt: #f0995a; --mark: #6db8ee22; --warn: #2e2317; --shade: #000000b0;
    --blue: #5aa9dd; --vermillion: #f08a45; --green: #3fbf97; --purple: #d493b8; --sky: #8bcbf0; --orange: #e6b13c;
  }
}
@media print {
  :root { --ink: #000; --muted: #444; --paper: #fff; --panel: #f5f7f9; --line: #ccc; --edge: #777; --accent: #0b62a0;
    --doubt: #b24a00; --mark: #0b62a014; --warn: #fff; --shade: transparent; }
}
* { box-sizing: border-box; }
`;

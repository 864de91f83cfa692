// A page as one HTML file that needs nothing else: style, scripts and data stand in it, and its own policy forbids the browser
// to fetch anything from elsewhere.

import { escapeHtml } from "./html.ts";
import { THEME_CSS } from "./theme.ts";

export interface Page {
  readonly title: string;
  /** After the theme. */
  readonly style: string;
  /** HTML of the body. */
  readonly body: string;
  /** JavaScript, as client-script.ts bundles it; it runs when the body is there. */
  readonly script?: string;
  /** In place of it: where a module lies beside the page. */
  readonly module?: string;
  /** Values that the script reads by name: see client/page-data.ts. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Default `file`. */
  readonly kind?: PageKind;
}

/**
 * `file`: all that there is stands in it. `served`: its script talks to the server that it came from. `site`: its scripts, workers and data
 * lie beside it.
 */
export type PageKind = "file" | "served" | "site";

export function pageHtml({
  title,
  style,
  body,
  script,
  module,
  data = {},
  kind = "file",
}: Page): string {
  const values = Object.entries(data).map(
    ([name, value]) =>
      `<script type="application/json" id="data-${name}">${jsonInHtml(value)}</script>`,
  );
  const own = script === undefined ? "" : `<script>${scriptInHtml(script)}</script>`;
  const code = module === undefined ? own : `<script type="module" src="${module}"></script>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${policy(kind)}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,"/>
<style>${THEME_CSS}${style}</style>
</head>
<body>
${body}
${values.join("\n")}
${code}
</body>
</html>
`;
}

/** What the browser may load: what stands in the page or lies beside it, and nothing else. */
export function policy(kind: PageKind): string {
  const closed =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  const inline = `${closed}; img-src data: blob:; script-src 'unsafe-inline'`;
  if (kind === "file") return inline;
  if (kind === "served") return `${inline}; connect-src 'self'`;
  const scripts = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; frame-src 'self'";
  return `${closed}; ${scripts}; connect-src 'self'; img-src 'self' data: blob:; media-src blob:`;
}

/** JSON that no `</script>` in a text can end. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function scriptInHtml(script: string): string {
  return script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

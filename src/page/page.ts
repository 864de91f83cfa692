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
  /** Values that the script reads by name: see client/page-data.ts. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Whether the script talks to the server that the page came from. Default false. */
  readonly isServed?: boolean;
}

export function pageHtml({
  title,
  style,
  body,
  script,
  data = {},
  isServed = false,
}: Page): string {
  const values = Object.entries(data).map(
    ([name, value]) =>
      `<script type="application/json" id="data-${name}">${jsonInHtml(value)}</script>`,
  );
  const code = script === undefined ? "" : `<script>${scriptInHtml(script)}</script>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${policy(isServed)}"/>
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

/** What the browser may load: what stands in the page, and nothing else. */
export function policy(isServed: boolean): string {
  const own = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:";
  const scripts = "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  return `${own}; ${scripts}${isServed ? "; connect-src 'self'" : ""}`;
}

/** JSON that no `</script>` in a text can end. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function scriptInHtml(script: string): string {
  return script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

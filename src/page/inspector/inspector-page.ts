// The inspector's page: one file with its document and its script.

import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { clientScript } from "../client-script.ts";
import { escapeHtml } from "../html.ts";
import { pageHtml } from "../page.ts";
import { INSPECTOR_CSS } from "./inspector-style.ts";

export async function inspectorHtml(document: InspectorDocument): Promise<string> {
  const { title, profile } = document;
  return pageHtml({
    title: `${title}: Vitrine`,
    style: INSPECTOR_CSS,
    body: `<div id="app"><noscript>This page walks through ${escapeHtml(title)}, a step of ${profile.dispatches.length} dispatches, and needs JavaScript.</noscript></div>`,
    script: await clientScript("inspector/inspector.ts"),
    data: { inspector: document },
  });
}

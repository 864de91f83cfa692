// The inspector's page: one file, with all that is known of a step in it; or, on a site, one that gets it from beside it.

import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { TENSOR_PICTURE_CSS } from "../client/tensor-picture.ts";
import { clientScript } from "../client-script.ts";
import { type Page, pageHtml } from "../page.ts";
import { DETAIL_CSS } from "./style/detail-style.ts";
import { SHELL_CSS } from "./style/shell-style.ts";
import { STEP_CSS } from "./style/step-style.ts";
import { VIEWS_CSS } from "./style/views-style.ts";

const BODY = `<div id="page"><p class="loading">Reading the step …</p></div>
<noscript><p>This page needs scripts; all that it shows stands in it.</p></noscript>`;

export async function inspectorHtml(document: InspectorDocument): Promise<string> {
  return inspectorPage({
    title: `${document.title} · Vitrine`,
    script: await clientScript("inspector/inspector.ts"),
    data: { document },
  });
}

/** With what is different from one such page to another. */
export function inspectorPage(
  page: Omit<Page, "style" | "body" | "title"> & Partial<Page>,
): string {
  return pageHtml({
    title: "A step · Vitrine",
    style: [TENSOR_PICTURE_CSS, SHELL_CSS, STEP_CSS, DETAIL_CSS, VIEWS_CSS].join(""),
    body: BODY,
    ...page,
  });
}

// The script of the inspector's page on a site: in a frame whose owner is asked for the step, it gets that; else the recorded one that lies
// beside it.

import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { byId, element, refill } from "../client/dom.ts";
import { openInspector } from "./open-inspector.ts";

if (window.parent !== window && location.search.startsWith("?ask")) {
  addEventListener("message", ({ data, origin, source }) => {
    if (origin !== location.origin || source !== window.parent) return;
    openInspector((data as { readonly document: InspectorDocument }).document);
  });
  window.parent.postMessage("document?", location.origin);
} else void openRecorded();

async function openRecorded(): Promise<void> {
  try {
    const response = await fetch("step.json");
    if (!response.ok) throw new Error(`step.json: cannot be fetched, got ${response.status}`);
    openInspector((await response.json()) as InspectorDocument);
  } catch (error) {
    refill(byId("page"), element("p", { class: "loading" }, String(error)));
  }
}

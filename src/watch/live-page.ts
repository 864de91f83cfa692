// The page of a run that is watched: its script makes everything in it from the events.

import { clientScript } from "../page/client-script.ts";
import { LIVE_STYLE } from "../page/live/live-style.ts";
import { pageHtml } from "../page/page.ts";

export async function livePage(title: string): Promise<string> {
  return pageHtml({
    title,
    style: LIVE_STYLE,
    body: '<main id="live"><p class="waiting">waiting for the first event</p></main>',
    script: await clientScript("live/live.ts"),
    kind: "served",
  });
}

// The script of the site's page: opens the worker and its adapter, then the rooms, of which one is seen at a time, as the address says.

import { byId, element, refill } from "../client/dom.ts";
import { insideRoom } from "./inside-room.ts";
import { kernelsRoom } from "./kernels-room.ts";
import { Link, Refused } from "./link.ts";
import { measureRoom } from "./measure-room.ts";
import { noWebGpu } from "./no-webgpu.ts";
import type { AdapterView } from "./protocol.ts";
import type { House, Room, RoomName } from "./room.ts";
import { trainRoom } from "./train-room.ts";
import { tryRoom } from "./try-room.ts";

const MAKE: readonly ((house: House) => Room)[] = [
  ...[trainRoom, insideRoom, kernelsRoom, tryRoom, measureRoom],
];

const adapterLine = element("p", { class: "adapter" }, "opening the adapter …");
const complaint = element("p", { class: "complaint", role: "alert" });
const stage = element("p", { class: "stage", role: "status", hidden: true });
const bar = element("nav", { class: "rooms", "aria-label": "rooms" });
const main = element("main", { id: "room", tabindex: "-1" });
let rooms: readonly Room[] = [];

const workerAddress = new URL("./worker.js", import.meta.url);
// What stands there is for the worker: docs/web.md has it.
workerAddress.search = location.search;
const link = new Link(new Worker(workerAddress, { type: "module" }), {
  told: (event) => {
    for (const room of rooms) room.hear?.(event);
  },
  stage: showStage,
  lost: (words) => complain(new Refused({ message: words, help: null, kind: "lost" })),
});

refill(
  byId("page"),
  element("header", { class: "top" }, element("h1", {}, "Vitrine"), adapterLine, bar),
  ...[complaint, stage, main],
);
void start();

async function start(): Promise<void> {
  let adapter: AdapterView;
  try {
    adapter = await link.ask("open", null);
  } catch (error) {
    refill(adapterLine, "no adapter");
    const isNone = error instanceof Refused && error.refusal.kind === "none";
    if (isNone) refill(main, noWebGpu());
    else complain(error);
    return;
  }
  const kind = adapter.isSoftware ? "computes on the processor" : "a GPU";
  const clock = adapter.hasTimestamps ? "" : " · without timestamps";
  refill(adapterLine, element("b", {}, adapter.name), ` · ${kind}${clock}`);
  const house: House = {
    ...{ link, adapter, data: null, trained: null, hasModel: false },
    ...{ complain, goTo },
  };
  rooms = MAKE.map((make) => make(house));
  refill(
    bar,
    ...rooms.map(({ name, title }) => element("a", { href: `#${name}`, id: `to-${name}` }, title)),
  );
  addEventListener("hashchange", show);
  show();
}

function show(): void {
  // What follows is the room's own: an edited kernel.
  const [wanted] = location.hash.slice(1).split("&", 1);
  const room = rooms.find(({ name }) => name === wanted) ?? rooms[0];
  if (!room) return;
  for (const link of bar.querySelectorAll("a")) {
    if (link.id === `to-${room.name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (main.firstElementChild !== room.element) refill(main, room.element);
  room.open?.();
}

function goTo(name: RoomName): void {
  location.hash = name;
}

function complain(error: unknown): void {
  const refusal = error instanceof Refused ? error.refusal : null;
  const message = error instanceof Error ? error.message : error && String(error);
  refill(
    complaint,
    message as string | null,
    refusal?.help ? element("small", {}, refusal.help) : null,
  );
}

function showStage(words: string | null, share: number | null): void {
  stage.hidden = words === null;
  if (words === null) return;
  const progress = element("progress", { max: 1, ...(share === null ? {} : { value: share }) });
  progress.setAttribute("aria-label", words);
  refill(stage, element("span", {}, words), progress);
}

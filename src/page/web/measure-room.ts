// Where this adapter is measured: the bench's kernels, rung beside rung, as a table and as a file to compare adapters by.

import { element, refill } from "../client/dom.ts";
import { percent, short } from "../live/words.ts";
import { field } from "./form.ts";
import type { MeasuredView } from "./protocol.ts";
import type { House, Room } from "./room.ts";
import { saveFile } from "./save-file.ts";

export function measureRoom(house: House): Room {
  const { link, adapter } = house;
  const filter = field({
    ...{ label: "only what has this in its name", value: "conv2" },
    help: `empty for all: ${adapter.benchNames.join(", ")}`,
  });
  const button = element("button", { type: "submit", class: "go" }, "Measure");
  const stop = element(
    "button",
    { type: "button", class: "stop", hidden: true, onclick: () => void link.ask("stop", null) },
    "Stop",
  );
  const form = element("form", { class: "fields" }, filter.element, button, stop);
  const table = element("div", { class: "scrolls" });
  const names = element("datalist", { id: "bench-names" });
  refill(names, ...adapter.benchNames.map((name) => element("option", { value: name })));
  filter.element.querySelector("input")?.setAttribute("list", names.id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void measure();
  });
  async function measure(): Promise<void> {
    house.complain(null);
    button.disabled = true;
    stop.hidden = false;
    try {
      const measured = await link.ask("bench", { filter: filter.value });
      refill(table, ...tableOf(measured, adapter.name));
    } catch (error) {
      house.complain(error);
    } finally {
      button.disabled = false;
      stop.hidden = true;
    }
  }
  return {
    ...{ name: "measure", title: "Measure" },
    element: element(
      "section",
      {},
      element(
        "p",
        { class: "note" },
        "Times every rung of a kernel on this adapter, each checked against the first before it is timed. ms is the median, ± the distance of the quartiles over it.",
      ),
      ...[form, names, table],
    ),
  };
}

const HEAD = ["case", "shape", "variant", "ms", "±", "p90", "best", "rate", "of ceiling"];

function tableOf(measured: MeasuredView, adapter: string): readonly HTMLElement[] {
  const { kernels, isNoisy, json } = measured;
  let [last, best] = ["", Number.POSITIVE_INFINITY];
  const rows = kernels.map((one) => {
    const isFirst = one.name !== last;
    if (isFirst) {
      best = Math.min(...kernels.filter(({ name }) => name === one.name).map(({ ms }) => ms));
    }
    last = one.name;
    const { gflops, gbs } = one;
    const rate = gflops === null ? `${short(gbs, 3)} GB/s` : `${short(gflops, 3)} GFLOPS`;
    const cells = [
      ...[isFirst ? one.name : "", isFirst ? one.shape : "", one.variant, short(one.ms, 3)],
      ...[percent((one.upper - one.lower) / one.ms, 0), short(one.p90, 3), short(one.best, 3)],
      ...[rate, percent(one.share, 0)],
    ];
    return element(
      "tr",
      { class: one.ms === best ? "best" : "" },
      ...cells.map((cell) => element("td", {}, cell)),
    );
  });
  const download = (): void => {
    const name = `bench-${adapter.replaceAll(/[^\w]+/g, "-")}.json`;
    saveFile({ name, bytes: new TextEncoder().encode(json) });
  };
  const words = isNoisy
    ? "Too noisy to believe: samples of one and the same kernel lie far apart."
    : "Compare it with another adapter by npm run bench -- --any-adapter --against FILE OTHER.";
  return [
    element(
      "table",
      { class: "figures" },
      element("thead", {}, element("tr", {}, ...HEAD.map((name) => element("th", {}, name)))),
      element("tbody", {}, ...rows),
    ),
    element("p", { class: "note" }, words),
    element("button", { type: "button", onclick: download }, "Save the result"),
  ];
}

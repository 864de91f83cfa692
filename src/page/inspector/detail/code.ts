// A kernel's WGSL: as it is written, with the lines that its switches leave in lit and the others dimmed, and as it is compiled.

import type { KernelView, SourceLine } from "../../../inspect/inspector/inspector-document.ts";
import { type Child, element, refill } from "../../client/dom.ts";
import { choice, section } from "../parts.ts";
import type { Entry } from "../step-model.ts";
import { counted } from "../words.ts";
import { wordsOf } from "./wgsl-words.ts";

const FORMS = ["as written", "only what is left in", "as compiled"] as const;
type Form = (typeof FORMS)[number];

export function codeSection({ kernel }: Entry): HTMLElement {
  const box = element("div", {
    class: "listing",
    tabindex: "0",
    role: "region",
    "aria-label": "WGSL",
  });
  const show = (form: Form): void => {
    refill(box, ...linesOf(kernel, form));
    const entry = box.querySelector<HTMLElement>(".entry");
    box.scrollTop = entry ? entry.offsetTop - 48 : 0;
  };
  const left = kernel.written.filter(({ isCompiled }) => isCompiled).length;
  const note = `Lines that the switches in force leave in are lit: ${left} of ${counted(kernel.written.length, "line")}, fragments that it includes among them.`;
  const copy = element("button", { type: "button", class: "plain" }, "copy compiled");
  copy.addEventListener("click", () => {
    navigator.clipboard?.writeText(kernel.compiled).then(
      () => refill(copy, "copied"),
      () => refill(copy, "the browser forbids it"),
    );
  });
  const tools = element(
    "div",
    { class: "tools" },
    choice("WGSL", FORMS, { chosen: FORMS[0], onChoose: show }),
    copy,
  );
  const built = section(
    { id: "code", title: `WGSL of ${kernel.label}`, note },
    switches(kernel),
    tools,
    box,
  );
  // Where it scrolls to is known when it stands in the page.
  queueMicrotask(() => show(FORMS[0]));
  return built;
}

function switches({ flags, constants }: KernelView): HTMLElement | null {
  const chips = [
    ...Object.entries(flags).map(([name, isOn]) =>
      element("span", { class: isOn ? "chip on" : "chip" }, `${name} ${isOn ? "on" : "off"}`),
    ),
    ...Object.entries(constants).map(([name, value]) =>
      element("span", { class: "chip on" }, `${name} = ${value}`),
    ),
  ];
  return chips.length > 0 ? element("p", { class: "chips" }, ...chips) : null;
}

function linesOf(kernel: KernelView, form: Form): readonly HTMLElement[] {
  if (form === "as compiled") {
    return kernel.compiled
      .split("\n")
      .map((text, index) => lineElement(String(index + 1), text, { isLit: true, kernel }));
  }
  const kept = kernel.written.filter(({ isCompiled }) => isCompiled || form === "as written");
  let file = "";
  return kept.flatMap((line) => {
    const lines =
      line.file === file
        ? []
        : [
            element(
              "div",
              { class: "file" },
              `${line.file}.wgsl`.replace(/\.wgsl\.wgsl$/, ".wgsl"),
            ),
          ];
    file = line.file;
    return [...lines, writtenLine(line, kernel)];
  });
}

function writtenLine(
  { file, line, text, isCompiled }: SourceLine,
  kernel: KernelView,
): HTMLElement {
  const built = lineElement(String(line), text, { isLit: isCompiled, kernel });
  built.title = `${file}:${line}${isCompiled ? "" : ", left out"}`;
  return built;
}

function lineElement(
  gutter: string,
  text: string,
  { isLit, kernel }: { readonly isLit: boolean; readonly kernel: KernelView },
): HTMLElement {
  const words = wordsOf(text).map(
    ({ kind, text: word }): Child =>
      kind === "plain" ? word : element("i", { class: kind }, word),
  );
  const isEntry = text.includes(`fn ${kernel.entry}(`);
  const names = ["line", isLit ? "" : "left-out", isEntry ? "entry" : ""].filter(Boolean).join(" ");
  return element(
    "div",
    { class: names },
    element("span", { class: "gutter", "data-line": gutter }),
    element("span", { class: "text" }, ...words),
  );
}

// The shader files that can be edited, those of the step first; and what the one that is open is used for.

import { EXERCISES, type Exercise } from "../../../inspect/edit/exercises/exercises.ts";
import { element } from "../../client/dom.ts";
import { counted } from "../../inspector/words.ts";
import type { ShaderView } from "../protocol.ts";

export interface ListChoice {
  readonly open: string | null;
  /** Files whose text is not the shipped one. */
  readonly changed: ReadonlySet<string>;
  readonly choose: (file: string) => void;
}

export function fileList(
  shaders: readonly ShaderView[],
  choice: ListChoice,
): readonly HTMLElement[] {
  const shipped = shaders.filter(({ isExercise }) => !isExercise);
  const used = shipped.filter(({ uses }) => uses.length > 0);
  const others = shipped.filter(({ uses }) => uses.length === 0);
  return [
    ...group("in this step", used, choice),
    ...group(used.length > 0 ? "on rungs that it does not take" : "of rungs", others, choice),
  ];
}

function group(
  title: string,
  shaders: readonly ShaderView[],
  { open, changed, choose }: ListChoice,
): readonly HTMLElement[] {
  if (shaders.length === 0) return [];
  const items = shaders.map(({ file, taken }) => {
    const state = taken !== null ? "in the step" : changed.has(file) ? "changed" : null;
    const button = element(
      "button",
      {
        type: "button",
        "aria-current": file === open ? "true" : undefined,
        onclick: () => choose(file),
      },
      ...[file, state && element("small", {}, state)],
    );
    return element("li", {}, button);
  });
  return [element("h3", {}, title), element("ul", {}, ...items)];
}

/** Those of the course whose shader is there. */
export function exerciseList(
  shaders: readonly ShaderView[],
  open: Exercise | null,
  choose: (exercise: Exercise) => void,
): readonly HTMLElement[] {
  const here = EXERCISES.filter(({ file }) => shaders.some((shader) => shader.file === file));
  const items = here.map((exercise) => {
    const { title, chapter } = exercise;
    const current = exercise === open ? "true" : undefined;
    const onclick = () => choose(exercise);
    const button = element("button", { type: "button", "aria-current": current, onclick }, title);
    button.append(element("small", {}, `chapter ${chapter}`));
    return element("li", { class: "exercise" }, button);
  });
  return [element("h3", {}, "exercises of docs/learn"), element("ul", {}, ...items)];
}

/** `3 dispatches: conv1 conv2d.forward on subgroup, …` */
export function usesInWords({ uses, entries }: ShaderView): string {
  const points = `entry points ${entries.join(", ")}`;
  if (uses.length === 0) return points;
  const places = uses
    .filter(({ step }) => step === (uses[0]?.step ?? ""))
    .map(({ kernel, layers, rung }) => [layers[0], rung ?? kernel].filter(Boolean).join(" "));
  const all = [...new Set(places)];
  const some = all.slice(0, 6).join(", ");
  return `${points} · ${counted(uses.length, "dispatch", "dispatches")}: ${some}${all.length > 6 ? ", …" : ""}`;
}

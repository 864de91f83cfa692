// Where kernels are edited: a file is chosen, its text changed, tried, and put into the running step when it holds. A link or a file keeps
// the edit.

import type { EditTrial } from "../../inspect/edit/edit-trial.ts";
import { type Exercise, startOf } from "../../inspect/edit/exercises/exercises.ts";
import { type Attributes, element, refill } from "../client/dom.ts";
import { diskName, type LinkedEdit, linkedEdit, linkTo } from "./kernels/edit-link.ts";
import { editResult } from "./kernels/edit-result.ts";
import { exerciseList, fileList, usesInWords } from "./kernels/file-list.ts";
import { kernelEditor } from "./kernels/kernel-editor.ts";
import type { ShaderView } from "./protocol.ts";
import type { House, Room } from "./room.ts";
import { saveFile } from "./save-file.ts";

export function kernelsRoom(house: House): Room {
  const bench = new Bench(house);
  return {
    ...{ name: "kernels", title: "Kernels", element: bench.element },
    open: () => void bench.open(),
    hear: ({ type }) => {
      if (type === "epochBegin") void bench.begun();
    },
  };
}

class Bench {
  readonly element: HTMLElement;
  readonly #house: House;
  readonly #list = element("nav", { "aria-label": "shader files" });
  readonly #about = element("p", { class: "note" });
  readonly #task = element("p", { class: "task", hidden: true });
  readonly #result = element("div", { role: "status" });
  readonly #editor = kernelEditor({
    changed: (text) => this.#changed(text),
    asked: () => this.#buttons.try.click(),
  });
  readonly #buttons = {
    try: this.#button("Try", () => this.#try(), { class: "go", title: "Ctrl-Enter" }),
    take: this.#button("Take into the running step", () => this.#take()),
    restore: this.#button("Restore", () => this.#restore()),
    download: this.#button("Download", async () => this.#download()),
    open: this.#button("Open a file", async () => this.#file.click()),
    link: this.#button("Keep in the address", () => this.#keep()),
  };
  readonly #file = element("input", { type: "file", accept: ".wgsl", hidden: true });
  #shaders: readonly ShaderView[] = [];
  #open: string | null = null;
  /** What the address keeps, until the step that it is of is there. */
  #linked: LinkedEdit | null = null;
  /** Texts that are not the shipped ones, by file. */
  readonly #drafts = new Map<string, string>();
  /** The text that was tried last, and held. */
  #held: string | null = null;
  /** The one that the open file is edited for. */
  #exercise: Exercise | null = null;
  #isBusy = false;

  constructor(house: House) {
    this.#house = house;
    this.#file.addEventListener("change", () => void this.#guarded(() => this.#read()));
    this.element = element(
      "section",
      { class: "kernels" },
      this.#list,
      element(
        "div",
        {},
        this.#task,
        this.#about,
        this.#editor.element,
        element("div", { class: "actions" }, ...Object.values(this.#buttons), this.#file),
        this.#result,
      ),
    );
  }

  /** The list as it is now: a training may have begun. */
  async open(): Promise<void> {
    await this.#guarded(async () => {
      await this.#refresh();
      this.#linked = (await linkedEdit(location.hash)) ?? this.#linked;
      const linked = this.#openLinked();
      const [first] = this.#shaders;
      const file = linked ?? this.#open ?? first?.file;
      if (file !== undefined) this.#choose(file);
      if (this.#linked) {
        throw new Error(
          `link: keeps an edit of ${this.#linked.file}, which no rung has; train a model whose step has it, and come back`,
        );
      }
    });
  }

  /** The file of the link's edit; null where there is none, or no such file yet. */
  #openLinked(): string | null {
    const linked = this.#linked;
    if (!linked || !this.#shaders.some(({ file }) => file === linked.file)) return null;
    this.#draft(linked.file, linked.text);
    this.#linked = null;
    return linked.file;
  }

  /** A training has a step now, which has more files. */
  async begun(): Promise<void> {
    if (this.#isBusy || !this.element.isConnected) return;
    if (this.#shaders.every(({ uses }) => uses.length === 0)) await this.open();
  }

  async #refresh(): Promise<void> {
    this.#shaders = await this.#house.link.ask("shaders", null);
  }

  get #shader(): ShaderView | undefined {
    return this.#shaders.find(({ file }) => file === this.#open);
  }

  #draft(file: string, text: string): void {
    const shader = this.#shaders.find((one) => one.file === file);
    if (!shader) {
      throw new Error(`kernels: must be a file of this step or of a rung, got ${file}`);
    }
    if (text === shader.text) this.#drafts.delete(file);
    else this.#drafts.set(file, text);
  }

  /** Begins it anew. */
  #begin(exercise: Exercise): void {
    const shader = this.#shaders.find(({ file }) => file === exercise.file);
    const start = shader && startOf(exercise, shader);
    if (!shader || start === null || start === undefined) return;
    this.#draft(shader.file, start);
    this.#choose(shader.file);
    this.#exercise = exercise;
    this.#show();
    const [first = ""] = (exercise.hole?.to ?? "@compute").split("\n", 1);
    this.#editor.goTo(start.slice(0, start.indexOf(first)).split("\n").length);
  }

  #choose(file: string): void {
    this.#exercise = null;
    const isAnother = file !== this.#open;
    this.#open = file;
    const text = this.#drafts.get(file) ?? this.#shader?.taken ?? this.#shader?.text ?? "";
    if (isAnother || text !== this.#editor.text) {
      this.#editor.open(text);
      refill(this.#result);
      this.#held = null;
    }
    this.#show();
  }

  #show(): void {
    const shader = this.#shader;
    const changed = new Set(this.#drafts.keys());
    const choose = (file: string) => this.#choose(file);
    const exercise = this.#exercise;
    const open = exercise ? null : this.#open;
    refill(
      this.#list,
      ...fileList(this.#shaders, { open, changed, choose }),
      ...exerciseList(this.#shaders, exercise, (one) => this.#begin(one)),
    );
    refill(this.#task, exercise?.task);
    this.#task.hidden = exercise === null;
    refill(this.#about, shader ? usesInWords(shader) : "");
    const text = this.#editor.text;
    const isShipped = text === shader?.text;
    this.#buttons.try.disabled = this.#isBusy || !shader;
    const isNoEdit = isShipped || text === shader?.taken || shader?.isExercise === true;
    this.#buttons.take.disabled = this.#isBusy || this.#held !== text || isNoEdit;
    this.#buttons.restore.disabled = this.#isBusy || (isShipped && shader?.taken === null);
  }

  #changed(text: string): void {
    if (this.#open === null || !this.#shader) return;
    this.#draft(this.#open, text);
    this.#show();
  }

  async #try(): Promise<void> {
    const [file, text] = [this.#open, this.#editor.text];
    if (file === null) return;
    refill(this.#result, element("p", { class: "note" }, "trying …"));
    const trial = await this.#house.link.ask("tryEdit", { file, text }).catch((error: unknown) => {
      refill(this.#result);
      throw error;
    });
    this.#tried(trial, text);
  }

  #tried(trial: EditTrial, text: string): void {
    // Somebody went on writing meanwhile: its lines are others.
    if (trial.file !== this.#open) return;
    if (text === this.#editor.text) this.#editor.mark(trial.faults);
    this.#held = trial.verdict === "holds" ? text : null;
    refill(this.#result, ...editResult(trial, (line) => this.#editor.goTo(line)));
  }

  async #take(): Promise<void> {
    const [file, text] = [this.#open, this.#editor.text];
    if (file === null) return;
    await this.#house.link.ask("takeEdit", { file, text });
    await this.#refresh();
  }

  async #restore(): Promise<void> {
    const file = this.#open;
    if (file === null) return;
    await this.#house.link.ask("restore", { file });
    this.#drafts.delete(file);
    await this.#refresh();
    this.#choose(file);
  }

  #download(): void {
    if (this.#open === null) return;
    const bytes = new TextEncoder().encode(this.#editor.text);
    saveFile({ name: diskName(this.#open), bytes });
  }

  /** A file goes where its name says, or into the shader that is open. */
  async #read(): Promise<void> {
    const [given] = this.#file.files ?? [];
    this.#file.value = "";
    if (!given || this.#open === null) return;
    const base = given.name.replace(/( ?\(\d+\))?\.\w+$/, "");
    const named = this.#shaders.find(({ file }) => diskName(file) === `${base}.wgsl`);
    const file = named?.file ?? this.#open;
    this.#draft(file, (await given.text()).replaceAll("\r\n", "\n"));
    this.#choose(file);
  }

  async #keep(): Promise<void> {
    if (this.#open === null) return;
    const link = await linkTo({ file: this.#open, text: this.#editor.text });
    history.replaceState(null, "", `#${link}`);
    await navigator.clipboard.writeText(location.href).catch(() => null);
  }

  #button(words: string, act: () => Promise<void>, more: Attributes = {}): HTMLButtonElement {
    const onclick = () => void this.#guarded(act);
    return element("button", { type: "button", onclick, ...more }, words);
  }

  async #guarded(act: () => Promise<void>): Promise<void> {
    this.#house.complain(null);
    this.#isBusy = true;
    this.#show();
    try {
      await act();
    } catch (error) {
      this.#house.complain(error);
    } finally {
      this.#isBusy = false;
      this.#show();
    }
  }
}

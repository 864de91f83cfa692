// The editor of a shader's text: CodeMirror with WGSL in the colours of the inspector, and the compiler's errors at their lines.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, RangeSetBuilder } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import type { KernelFault } from "../../../engine/core/errors.ts";
import { wordsOf } from "../../inspector/detail/wgsl-words.ts";

export interface KernelEditor {
  readonly element: HTMLElement;
  get text(): string;
  /** Another text, whose history begins here. */
  open(text: string): void;
  /** The errors of what was compiled, the first in view; none takes them away. */
  mark(faults: readonly KernelFault[]): void;
  goTo(line: number): void;
}

export interface EditorEvents {
  changed(text: string): void;
  /** Ctrl-Enter, or Command-Enter. */
  asked(): void;
}

export function kernelEditor(events: EditorEvents): KernelEditor {
  const onAsked = () => {
    events.asked();
    return true;
  };
  const extensions = [
    ...[lineNumbers(), lintGutter(), history(), highlightActiveLine(), coloured, THEME],
    // Tab leaves the editor, as it leaves every other field.
    keymap.of([{ key: "Mod-Enter", run: onAsked }, ...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({ "aria-label": "WGSL", tabindex: "0", spellcheck: "false" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) events.changed(update.state.doc.toString());
    }),
  ];
  const view = new EditorView();
  const open = (doc: string) => view.setState(EditorState.create({ doc, extensions }));
  open("");
  return {
    element: view.dom,
    get text() {
      return view.state.doc.toString();
    },
    open,
    mark: (faults) => {
      const diagnostics = faults.flatMap((fault) => diagnosticOf(view.state, fault));
      view.dispatch(setDiagnostics(view.state, diagnostics));
      const [first] = diagnostics;
      if (first) view.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: "center" }) });
    },
    goTo: (line) => {
      const { from } = view.state.doc.line(clamped(line, view.state.doc.lines));
      const effects = EditorView.scrollIntoView(from, { y: "center" });
      view.dispatch({ selection: { anchor: from }, effects });
      view.focus();
    },
  };
}

/** None for what is wrong in no one place. */
function diagnosticOf({ doc }: EditorState, { line, column, message }: KernelFault): Diagnostic[] {
  if (line === null) return [];
  const { from, to, text } = doc.line(clamped(line, doc.lines));
  const start = Math.min(from + column - 1, to);
  const [word = ""] = /^\w+/.exec(text.slice(start - from)) ?? [];
  const end = word === "" ? to : start + word.length;
  return [{ from: Math.min(start, end), to: end, severity: "error", message }];
}

function clamped(line: number, lines: number): number {
  return Math.max(1, Math.min(lines, line));
}

/** Of the lines that are seen: a shader with its fragments has a thousand. */
const coloured = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = colours(view);
    }

    update({ docChanged, viewportChanged, view }: ViewUpdate): void {
      if (docChanged || viewportChanged) this.decorations = colours(view);
    }
  },
  { decorations: ({ decorations }) => decorations },
);

function colours({ state: { doc }, viewport }: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const [first, last] = [doc.lineAt(viewport.from).number, doc.lineAt(viewport.to).number];
  for (let number = first; number <= last; number++) {
    const { from, text } = doc.line(number);
    let at = from;
    for (const word of wordsOf(text)) {
      const mark = MARKS.get(word.kind);
      if (mark) builder.add(at, at + word.text.length, mark);
      at += word.text.length;
    }
  }
  return builder.finish();
}

const MARKS: ReadonlyMap<string, Decoration> = new Map(
  ["comment", "switch", "keyword", "type", "number", "attribute", "call"].map((kind) => [
    kind,
    Decoration.mark({ class: `wgsl-${kind}` }),
  ]),
);

const THEME = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "var(--panel)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--mark)" },
  ".cm-tooltip": {
    color: "var(--ink)",
    backgroundColor: "var(--panel)",
    borderColor: "var(--line)",
  },
});

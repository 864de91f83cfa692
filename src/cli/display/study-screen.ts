// What a person sees of a study: its steps by number, what is done and kept, and every model's training as `train` shows
// it.

import type { StudyScreen } from "../../study/context.ts";
import type { Terminal } from "../frame/terminal.ts";
import { BaseDisplay } from "./base-display.ts";
import { EpochDisplay } from "./epoch-display.ts";

export interface TerminalStudyScreen extends StudyScreen {
  /** Clears a live line that an interruption or an error has left. */
  close(): void;
}

export function studyScreen(terminal: Terminal): TerminalStudyScreen {
  const { style } = terminal;
  let display: EpochDisplay | null = null;
  let base: BaseDisplay | null = null;
  return {
    begin: ({ number, count, title }) =>
      terminal.print(`\n${style.bold(style.cyan(`${number}/${count}`))}  ${style.bold(title)}`),
    kept: ({ number, count, title }) =>
      terminal.print(style.dim(`\n${number}/${count}  ${title}: done before, kept`)),
    say: (line) => terminal.print(line),
    training: (epochs) => {
      display = new EpochDisplay(terminal, epochs);
      return display;
    },
    base: () => {
      base = new BaseDisplay(terminal);
      return base;
    },
    close: () => {
      base?.close();
      display?.interrupted();
    },
  };
}

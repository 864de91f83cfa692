// What several workers do, on the one line that rewrites itself: `#3 epoch 2/5 43 %   #4 fold 1, epoch 1/5 80 %`.

import type { ProgressMessage } from "../../queue/trial-message.ts";
import type { LiveLine, Terminal } from "../frame/terminal.ts";

export class WorkersDisplay {
  readonly #terminal: Terminal;
  readonly #running = new Map<string, ProgressMessage | null>();
  #line: LiveLine | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  begin(id: string): void {
    this.#running.set(id, null);
    this.#show();
  }

  readonly progress = (id: string, progress: ProgressMessage): void => {
    if (!this.#running.has(id)) return;
    this.#running.set(id, progress);
    this.#show();
  };

  end(id: string): void {
    this.#running.delete(id);
    this.#show();
  }

  close(): void {
    this.#line?.finish();
    this.#line = null;
  }

  #show(): void {
    this.#line ??= this.#terminal.live();
    this.#line.update(() => [...this.#running].map(progressText).join("   "));
  }
}

function progressText([id, progress]: readonly [string, ProgressMessage | null]): string {
  if (!progress) return `#${id} waits`;
  const { fold, epoch, epochs, share } = progress;
  const part = fold === null ? "" : `fold ${fold}, `;
  return `#${id} ${part}epoch ${epoch}/${epochs} ${Math.round(100 * share)} %`;
}

// What several workers do, on the one line that rewrites itself: `#3 epoch 2/5 43 %   #4 fold 1, epoch 1/5 80 %`.

import type { ProgressMessage } from "../../queue/trial-message.ts";
import type { LiveLine, Terminal } from "../frame/terminal.ts";

interface Running {
  readonly name: string;
  progress: ProgressMessage | null;
}

export class WorkersDisplay {
  readonly #terminal: Terminal;
  readonly #running = new Map<string, Running>();
  #line: LiveLine | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** `name`: what a person knows the job by. */
  begin(id: string, name = `#${id}`): void {
    this.#running.set(id, { name, progress: null });
    this.#show();
  }

  readonly progress = (id: string, progress: ProgressMessage): void => {
    const running = this.#running.get(id);
    if (!running) return;
    running.progress = progress;
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
    this.#line.update(() => [...this.#running.values()].map(progressText).join("   "));
  }
}

function progressText({ name, progress }: Running): string {
  if (!progress) return `${name} waits`;
  const { fold, epoch, epochs, share } = progress;
  const part = fold === null ? "" : `fold ${fold}, `;
  return `${name} ${part}epoch ${epoch}/${epochs} ${Math.round(100 * share)} %`;
}

// Run by command.test.ts as a process of its own: waits to be interrupted, holding a timer as a GPU would hold a handle.

import { defineCommand, runCommand } from "../../src/cli/frame/command.ts";

const waiting = defineCommand({
  name: "waiting",
  summary: "Waits.",
  positionals: [{ name: "manner", help: "polite or stubborn" }],
  flags: {},
  async run({ positionals, say, signal }) {
    setInterval(() => undefined, 1000);
    say("ready");
    await new Promise<void>((resolve) => {
      if (positionals[0] === "polite") signal.addEventListener("abort", () => resolve());
    });
    say("saved");
  },
});

await runCommand(waiting);

// `npm run bench`.

import { runCommand } from "../src/cli/frame/command.ts";
import { benchCommand } from "./bench-command.ts";

await runCommand(benchCommand);

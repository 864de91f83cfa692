// Kills a training at random moments, 300 times in the default, lets it go on each time, and compares what it ends in with a run that
// was let alone:
//   node --import tsx bench/kill-training.ts [KILLS]
// writes bench/results/kills.md.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RandomState } from "../src/data/random-state.ts";
import { adapterEnvironment } from "../src/setup/adapter.mjs";
import { setUp } from "../src/setup/set-up.mjs";
import { runToEnd } from "../test/cli/start-command.ts";
import { temporaryFolder } from "../test/data/sample-files.ts";
import { killAndResume, outcomeOf } from "../test/support/kill-training.ts";
import { smallIdxFolder } from "../test/support/small-files.ts";

// The commands are started as the launcher starts them.
Object.assign(process.env, adapterEnvironment(await setUp()));

const KILLS_A_RUN = 30;
const [wanted = "300"] = process.argv.slice(2);
const RESULT = fileURLToPath(new URL("results/kills.md", import.meta.url));
const data = smallIdxFolder({ train: 400, test: 40 });

/** Each kind of training that remembers something else. */
const KINDS: readonly (readonly string[])[] = [
  ["--schedule", "plateau", "--patience", "0"],
  ["--optimizer", "sgd", "--momentum", "0.9", "--nesterov", "--patience", "0"],
  ["--schedule", "cosine", "--l2", "0.0001", "--patience", "0"],
  ["--validation", "0", "--watch-numbers"],
  ["--stats", "50", "--schedule", "exponential", "--patience", "0"],
];

const folder = temporaryFolder();
const rows: string[] = [];
const random = new RandomState(300);
let kills = 0;
let failures = 0;
for (let run = 0; kills < Number(wanted); run++) {
  const kind = KINDS[run % KINDS.length] ?? [];
  const flags = ["--batch-size", "12", "--epochs", "60", "--checkpoint-minutes", "0.001", ...kind];
  const args = ["--data", data, ...flags, "--seed", String(run)];
  const count = Math.min(KILLS_A_RUN, Number(wanted) - kills);
  const killed = await killAndResume({
    ...{ args, out: join(folder, `killed-${run}`), kills: count, most: 500 },
    random: () => random.u32() / 2 ** 32,
  });
  const whole = await runToEnd("train", [...args, "--out", join(folder, `whole-${run}`)]);
  const expected = outcomeOf(join(folder, `whole-${run}`));
  const isSame = killed.sha256 === expected.sha256 && killed.history === expected.history;
  const isWhole = whole.code === 0 && killed.torn.length === 0;
  if (!isSame || !isWhole) failures++;
  kills += count;
  const verdict = isSame ? "the same" : "others";
  rows.push(
    `| \`${kind.join(" ")}\` | ${count} | ${killed.whileTraining} | ${killed.torn.length} | ${killed.sha256.slice(0, 12)} | ${verdict} |`,
  );
  console.log(rows.at(-1));
}

writeFileSync(
  RESULT,
  `# A training, killed (${new Date().toISOString().slice(0, 10)})

LeNet-5 on 400 images, 60 epochs, a checkpoint every 60 ms within epochs. SIGKILL at a random moment, one in four of them during set-up and
loading; then the same command again. At the end the SHA-256 of weights.safetensors and all of history.csv are compared with a
run that was let alone. ${kills} kills, ${failures} trainings that ended otherwise.

| flags | kills | of them while it trained | torn files | weights' sha256 | weights and history |
|---|---|---|---|---|---|
${rows.join("\n")}
`,
);
console.log(`${kills} kills, ${failures} failures; written ${RESULT}`);
process.exit(failures === 0 ? 0 : 1);

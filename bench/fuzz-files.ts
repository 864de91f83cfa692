// Damages files of every kind that is read, 10,000 in the default, and has them read:
//   node --import tsx bench/fuzz-files.ts [FILES] [SEED]
// writes bench/results/fuzz.md. Weight files of Keras have a fuzzer of their own: test/keras/fuzz.test.ts.

import { rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { randomStream } from "../test/keras/mutations.ts";
import { fuzzKinds, fuzzOnce } from "../test/support/fuzz-files.ts";

const [count = "10000", seed = "1"] = process.argv.slice(2);
const RESULT = fileURLToPath(new URL("results/fuzz.md", import.meta.url));
const random = randomStream(Number(seed));
const kinds = await fuzzKinds();
const each = Math.ceil(Number(count) / kinds.length);
const rows: string[] = [];
const faults = new Map<string, number>();
let total = 0;

for (const kind of kinds) {
  const tally = { taken: 0, refused: 0, wrong: 0 };
  for (let file = 0; file < each; file++) {
    const verdict = await fuzzOnce(kind, random);
    if (typeof verdict === "string") tally[verdict]++;
    else {
      tally.wrong++;
      const fault = verdict.wrong.replace(/\/\S+\//g, "").slice(0, 160);
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
      rmSync(dirname(verdict.path), { recursive: true, force: true });
    }
    total++;
  }
  rows.push(`| ${kind.name} | ${each} | ${tally.refused} | ${tally.taken} | ${tally.wrong} |`);
  console.log(rows.at(-1));
}
for (const [fault, times] of faults) console.log(`${times} × ${fault}`);
writeFileSync(
  RESULT,
  `# Damaged files (${new Date().toISOString().slice(0, 10)}, seed ${seed})

${total} files: refused with one line that names them, or taken with values that make sense; wrong is a crash, a hang over 10 s, a
control character in a message, or a value that cannot be.

| kind | files | refused | taken | wrong |
|---|---|---|---|---|
${rows.join("\n")}
`,
);
process.exit(faults.size === 0 ? 0 : 1);

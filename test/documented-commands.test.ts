// Every command in README, CONTRIBUTING and docs/ runs, in the order in which they are shown, in a folder of its own with small data in
// place of Fashion-MNIST and fewer rows and epochs where they would take minutes. Those that another test runs in full, with the same
// flags, come here as far as their data. A command that is only named is asked for its help. (The commands of docs/learn are run by
// learn/commands.test.ts.)

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conv2d } from "../src/engine/layers/conv2d.ts";
import { dense } from "../src/engine/layers/dense.ts";
import { sequential, variablesOf } from "../src/engine/layers/model.ts";
import { flatten } from "../src/engine/layers/shaping.ts";
import { saveKerasModel } from "../src/library/keras-files.ts";
import { namedTensors } from "../src/train/named-tensors.ts";
import { type Finished, runToEnd } from "./cli/start-command.ts";
import { temporaryFolder } from "./data/sample-files.ts";
import { documentedCommands, wordsOf } from "./support/documented-commands.ts";
import { smallDataset } from "./support/small-data.ts";
import { smallIdxFolder } from "./support/small-files.ts";

const test = suite("documented commands");

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const home = temporaryFolder();
const data = smallIdxFolder({ train: 300, test: 40 });

const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const { scripts } = manifest as { readonly scripts: Readonly<Record<string, string>> };

type Flags = Readonly<Record<string, string>>;

const SMALL_TRAINING: Flags = { "--epochs": "1", "--limit": "260" };
/** What makes a command small, by its script. Its own flags of these names are replaced. */
const SMALL: Readonly<Record<string, Flags>> = {
  train: { "--data": data, ...SMALL_TRAINING, "--test-limit": "20" },
  evaluate: { "--data": data },
  profile: { "--data": data, "--limit": "100" },
  verify: { "--data": data, "--limit": "100" },
  inspect: { "--data": data, "--limit": "100", "--images": "2" },
  report: { "--data": data },
  compare: { "--data": data },
  tune: { "--data": data, ...SMALL_TRAINING, "--trials": "2" },
  kfold: { "--data": data, ...SMALL_TRAINING, "--folds": "2" },
  bench: { "--data": data },
  web: { "--data": data },
};

/** What ImageNet networks need besides, with no weights fetched: random ones, a batch that fits. */
const SMALL_NETWORK: Flags = {
  "--weights": "none",
  "--limit": "30",
  "--validation": "0.34",
  "--batch-size": "10",
};

/** What is run in full by another test, so that here it is enough that every word of it is taken, up to data that are not there. */
const IN_FULL_ELSEWHERE: readonly (readonly [command: RegExp, test: string])[] = [
  [/ --model vgg19$/, "study/study.test.ts"],
  [/ --watch$/, "cli/watch.test.ts"],
  [/ --(stats|watch-numbers|verify-every)\b/, "cli/looking.test.ts"],
  [/ (--resume|--out) runs\/long\b/, "cli/killed-training.test.ts"],
  [/run tune .*--(workers|shard|merge) /, "cli/tune-workers.test.ts"],
  [/run kfold .*--workers /, "cli/kfold-workers.test.ts"],
  [/run inspect /, "cli/inspect.test.ts"],
  [/run profile /, "cli/profile.test.ts"],
  [/run verify /, "cli/verify.test.ts"],
  [/run bench .*--filter conv2$/, "learn/commands.test.ts"],
];
/** What it ends at, by its script: a result's folder, or else the data. */
const NOWHERE: Readonly<Record<string, Flags>> = {
  bench: { "--out": join(home, "none", "result.json") },
};
const NO_DATA: Flags = { "--data": join(home, "none") };
const NOT_THERE = /^error: --(data|out|resume|merge): /m;

/** The run that commands are shown with, and others of its kind that are named. */
const RUN = "runs/2026-11-22-16-24-28-lenet5";
const OTHER_RUNS = ["runs/relu", "runs/tanh", "runs/sgd"];

interface Exception {
  readonly command: RegExp;
  readonly exitCode: number;
  readonly says: RegExp;
}

/** Those that end otherwise than with 0, here or anywhere. */
const EXCEPTIONS: readonly Exception[] = [
  {
    command: /--weights resnet152v2_weights_tf_dim_ordering_tf_kernels_notop\.h5/,
    exitCode: 2,
    says: /error: --weights: .*resnet152v2_weights_tf_dim_ordering_tf_kernels_notop\.h5/,
  },
  { command: /--queue redis:/, exitCode: 2, says: /error: --queue: must be a server that answers/ },
  { command: /--learning-rate 1e5/, exitCode: 2, says: /became NaN or infinite/ },
];

/** Run by CI itself, by the tests of set-up, or by nobody within a test run: it would be this one, or needs the network. */
const ELSEWHERE = [
  ...["npm test", "npm run check", "npm run format", "npm run setup", "npm run bench"],
  "npm run docs",
  // It serves until Ctrl-C; test/web has its page.
  "npm run web",
  // Whether it ends with 0 or 1 is the machine's; test/bench has it without measuring.
  'npm run bench -- --filter "fc3 dx" --against before.json',
  // Minutes, and a folder of programs of others.
  "npm run tune-kernels -- --model vgg19 --weights none --freeze none --head-units 0",
  "npm run bench -- --filter choice --out choice.json",
  "npm run bench -- --filter vgg19 --measured",
  "npm run bench -- --peers FOLDER --filter vgg19 --measured",
];
/** A stage of CI of its own. */
const STAGE = "npm run test:gpu-kernels";

interface Started {
  /** The project's command; null: the words are Node's own. */
  readonly script: string | null;
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly says: RegExp;
}

function startOf(command: string): Started {
  const [program, first = "", second = "", ...rest] = wordsOf(
    command.replaceAll("runs/…-lenet5", RUN),
  );
  const elsewhere = IN_FULL_ELSEWHERE.find(([pattern]) => pattern.test(command));
  const exception = elsewhere
    ? { exitCode: 2, says: NOT_THERE }
    : EXCEPTIONS.find((one) => one.command.test(command));
  const outcome = { exitCode: 0, says: /\S/, ...exception };
  if (program === "node") return { script: null, args: scriptOf(command), ...outcome };
  assert.is(program, "npm", `${command}: starts with npm`);
  if (first === "test") return { script: null, args: testsOf(rest[0] ?? second), ...outcome };
  assert.is(first, "run", command);
  assert.ok(second in scripts, `${second}: no such script in package.json`);
  if (rest[0] !== "--") return { script: second, args: ["--help"], exitCode: 0, says: /^Usage$/m };
  const isNetwork = command.includes("--model vgg");
  const ofScript = { ...SMALL[second], ...(isNetwork ? SMALL_NETWORK : {}) };
  const isOfPhotos = command.includes("--data photos");
  const own = isOfPhotos && second === "train" ? { "--epochs": "1" } : {};
  const small = command.includes(".h5") || isOfPhotos ? own : ofScript;
  const flags = elsewhere ? { ...small, ...(NOWHERE[second] ?? NO_DATA) } : small;
  return { script: second, args: withFlags(rest.slice(1), flags), ...outcome };
}

/** Tests that are named are there; they run by themselves, and once is enough. */
function testsOf(pattern: string): readonly string[] {
  const names = readdirSync(join(ROOT, "test"), { recursive: true }).map(String);
  const found = names.filter((name) => name.endsWith(".test.ts") && new RegExp(pattern).test(name));
  assert.ok(found.length > 0, `${pattern}: no test has this in its path`);
  return ["-e", `console.log(${JSON.stringify(found)})`];
}

/** Scripts that draw a picture of docs/ are checked to be there: they would write into the tree. */
function scriptOf(command: string): readonly string[] {
  const script = wordsOf(command).at(-1) ?? "";
  assert.ok(existsSync(join(ROOT, script)), `${command}: there is no ${script}`);
  return ["-e", `console.log(${JSON.stringify(script)})`];
}

/** The words with these flags in place of their own, or after them. */
function withFlags(words: readonly string[], flags: Flags): readonly string[] {
  if (words.includes("--help") || words.includes("--compare")) return words;
  const own = words.filter((word, index) => {
    return !(word in flags) && !((words[index - 1] ?? "") in flags);
  });
  return [...own, ...Object.entries(flags).flat()];
}

async function run({ script, args }: Omit<Started, "exitCode" | "says">): Promise<Finished> {
  if (script !== null) return runToEnd(script, args, { cwd: home });
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: home,
    encoding: "utf8",
  });
  return { code: status ?? "none", stdout, stderr };
}

test.before(async () => {
  mkdirSync(join(home, "runs"));
  const { images } = smallDataset(1);
  const picture = new PNG({ width: 28, height: 28 });
  for (const [i, value] of images.entries()) picture.data.set([value, value, value, 255], 4 * i);
  writeFileSync(join(home, "shirt.png"), PNG.sync.write(picture));
  await writeOwnFiles();
  const args = withFlags(["--out", RUN], SMALL["train"] ?? {});
  const { code, stderr } = await run({ script: "train", args });
  assert.is(code, 0, stderr);
  for (const other of OTHER_RUNS) {
    cpSync(join(home, RUN), join(home, other), { recursive: true });
  }
});

/** What a person brings: a model of Keras's for three classes, pictures of them, a program with a model and one with a search. */
async function writeOwnFiles(): Promise<void> {
  const network = sequential(
    "net",
    [8, 8, 3],
    [
      conv2d({ filters: 4, kernelSize: 3, activation: "relu" }),
      flatten(),
      dense({ units: 3, activation: "softmax" }),
    ],
  );
  const variables = variablesOf(network, 1);
  const weights = namedTensors(variables, variables.initialWeights());
  await saveKerasModel(join(home, "net.keras"), { model: network, weights });
  for (const [label, name] of ["cat", "dog", "owl"].entries()) {
    mkdirSync(join(home, "photos", name), { recursive: true });
    for (let i = 0; i < 25; i++) {
      const photo = new PNG({ width: 8, height: 8 });
      photo.data.fill(255).set([80 * label, 9 * i, 5 * i]);
      writeFileSync(join(home, "photos", name, `${i}.png`), PNG.sync.write(photo));
    }
  }
  cpSync(join(ROOT, "test/fixtures/pictures/rgb.jpg"), join(home, "cat.jpg"));
  const layers = (units: string) =>
    `[flatten(), dense({ units: ${units} }), dense({ units: 10, activation: "softmax" })]`;
  const program = (what: string) =>
    `import { dense, flatten, sequential } from "vitrine";\nexport default ${what};\n`;
  writeFileSync(join(home, "mine.ts"), program(`sequential("mine", [28, 28, 1], ${layers("8")})`));
  const units = 'hp.int("units", { min: 4, max: 8, step: 4 })';
  const search = `(hp) => sequential("searched", [28, 28, 1], ${layers(units)})`;
  writeFileSync(join(home, "space.ts"), program(search));
}

const pages = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
const files = ["README.md", "CONTRIBUTING.md", ...pages.map((name) => join("docs", name))];
const commands = new Map<string, string>();
for (const file of files) {
  for (const command of documentedCommands(join(ROOT, file))) {
    if (!commands.has(command)) commands.set(command, file);
  }
}

for (const [command, file] of commands) {
  if (ELSEWHERE.includes(command) || command.startsWith(STAGE)) continue;
  test(`${file}: ${command}`, async () => {
    const { exitCode, says, ...started } = startOf(command);
    const { code, stdout, stderr } = await run(started);
    assert.is(code, exitCode, stdout + stderr);
    assert.match(stdout + stderr, says);
  });
}

test("what runs in full elsewhere is shown, and does so there", () => {
  for (const [pattern, path] of IN_FULL_ELSEWHERE) {
    const shown = [...commands.keys()].filter((command) => pattern.test(command));
    assert.ok(shown.length > 0, `${pattern}`);
    assert.ok(existsSync(join(ROOT, "test", path)), path);
  }
});

test("the quick start is among them", () => {
  assert.is(commands.get("npm run train -- --model lenet5"), "README.md");
  assert.is(commands.get("npm test"), "README.md");
  assert.ok(commands.size > 20);
});

test.run();

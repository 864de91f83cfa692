// `npm run study`: the whole study, from raw rows to the concluding table and the report; interrupted, it goes on.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { cleanData } from "../../data/clean.ts";
import type { FashionMnist } from "../../data/fashion-mnist.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { isReadOnly, type JsonValue, prepareOut } from "../../io/files.ts";
import { lookForImagenetWeights } from "../../keras/weights/imagenet-weights.ts";
import { checkPretrained } from "../../keras/weights/pretrained.ts";
import { BACKBONES, type BackboneName } from "../../models/backbones.ts";
import { concludingTable } from "../../report/story/comparison.ts";
import { studyJson } from "../../report/story/study-record.ts";
import { quoted } from "../../study/part-commands.ts";
import { studySettings } from "../../study/plan.ts";
import { runStudy, type StudyOutcome } from "../../study/run-study.ts";
import { studySpace } from "../../study/search-space.ts";
import { StepStore } from "../../study/step-store.ts";
import type { TransferMeans } from "../../study/transfer-model.ts";
import { isTransferDone } from "../../study/transfer-step.ts";
import { HyperParameters } from "../../tune/hyper-parameters.ts";
import { studyScreen } from "../display/study-screen.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { loadRawData } from "../inputs/data-set.ts";
import {
  checkKernels,
  chooseKernels,
  KERNEL_FLAGS,
  programsOfPlan,
} from "../inputs/kernel-tables.ts";
import { FEATURES, WEIGHTS } from "../inputs/model-basis.ts";
import { ADAPTER_FLAG, DATA_FLAGS, SEED_FLAG } from "../inputs/shared-flags.ts";
import { STUDY_WORKER_FLAGS } from "../inputs/worker-flags.ts";
import { openStudyAdapter, openStudyWorkers } from "../outcomes/study-workers.ts";

const FLAGS = {
  quick: { type: "boolean", help: "every step on a part of the rows, within minutes" },
  ...SEED_FLAG,
  ...DATA_FLAGS,
  out: {
    type: "string",
    value: "folder",
    help: "where the study lies and goes on; default runs/study, with --quick runs/study-quick",
  },
  "weights-vgg19": {
    type: "string",
    value: "file",
    help: "Keras file for the study's VGG19; default: Keras's own ImageNet file, where it is at hand",
  },
  "weights-resnet152v2": {
    type: "string",
    value: "file",
    help: "Keras file for the study's ResNet152V2; default: Keras's own, where it is at hand",
  },
  overwrite: { type: "boolean", help: "delete the study that is in the folder, and begin anew" },
  ...STUDY_WORKER_FLAGS,
  ...KERNEL_FLAGS,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run study --",
  summary:
    "Repeats the Keras study of LeNet-5 on Fashion-MNIST and corrects it: data, split, tuner, training, evaluation, five folds, and a report. Given again, it goes on where it was.",
  examples: [
    { command: "npm run study -- --quick", does: "every step, in a few minutes" },
    { command: "npm run study", does: "the full study, in 20 to 30 minutes on two cores" },
    { command: "npm run study -- --data archive/", does: "with Kaggle's CSVs, as the study had" },
  ],
  flags: FLAGS,
  savesWhenStopped: true,
  run: study,
});

async function study(context: Context): Promise<void> {
  const { flags, say, style, terminal, signal } = context;
  const { quick, seed, overwrite } = flags;
  say(style.bold(`vitrine: the study of LeNet-5 on Fashion-MNIST${quick ? ", quickly" : ""}`));
  const out = flags.out ?? join("runs", quick ? "study-quick" : "study");
  const mayOnlyShow = !overwrite && (await isReadOnly(out));
  if (!mayOnlyShow) await prepareOut(out, { mayExist: true });
  const found = await loadRawData(terminal, flags.data, flags);
  refuseOthers(found);
  const clean = cleanData(found, flags);
  const settings = studySettings({ quick, seed }, clean);
  await checkKernels(null, flags);
  const store = mayOnlyShow
    ? await StepStore.openReadOnly(out, settings)
    : await StepStore.open(out, settings, overwrite);
  await checkWeights(store, flags);
  say(`data set   ${found.source}`);
  say(
    `folder     ${out}${mayOnlyShow ? ", which cannot be written: what is finished is shown" : ""}`,
  );
  const screen = studyScreen(terminal);
  // The first step that trains.
  const isResumed = existsSync(store.folder("03-tuner"));
  try {
    const outcome = await runStudy({
      store,
      found,
      clean,
      openDevice: async () => {
        const device = await openStudyAdapter(flags);
        say(`adapter    ${device.name}`);
        const programs = programsOfPlan(studySpace(new HyperParameters()), clean.train);
        await chooseKernels(device, { out, isResumed }, { flags, say, signal, programs });
        return device;
      },
      openWorkers: (device) => openStudyWorkers(context, { device, out, settings }),
      screen,
      signal,
      transfer: transferMeans(context),
      command: commandLine(flags),
      dataFlags: dataFlags(flags),
    });
    conclude(context, outcome, out);
  } catch (error) {
    screen.close();
    say();
    say(`what is done is kept in ${out}; the same command goes on from there`);
    throw error;
  }
}

/** The study's report speaks of 28×28 grey pictures in ten classes. */
function refuseOthers({ train: { height, width, channels, classNames } }: FashionMnist): void {
  const classes = classNames.length;
  if (height === 28 && width === 28 && channels === 1 && classes === 10) return;
  throw new UsageError(
    `--data: the study is of 28×28×1 images in 10 classes, got ${height}×${width}×${channels} in ${classes}`,
    { help: "train, tune and kfold take any" },
  );
}

/** By network. */
function givenWeights({ weightsVgg19, weightsResnet152v2 }: Context["flags"]) {
  const given = new Map<BackboneName, string>();
  if (weightsVgg19 !== undefined) given.set("vgg19", weightsVgg19);
  if (weightsResnet152v2 !== undefined) given.set("resnet152v2", weightsResnet152v2);
  return given;
}

/** They are read last; a wrong file is better told before the steps that come first. */
async function checkWeights(store: StepStore, flags: Context["flags"]): Promise<void> {
  for (const [name, path] of givenWeights(flags)) {
    if (await isTransferDone(store, name)) continue;
    const inputShape = [32, 32, 3] as const;
    await checkPretrained(path, BACKBONES[name].build({ inputShape, includeTop: false }));
  }
}

function transferMeans({ flags, say, signal }: Context): TransferMeans {
  const given = givenWeights(flags);
  return {
    featureFolder: FEATURES,
    findWeights: async (name) =>
      given.get(name) ??
      lookForImagenetWeights({ backbone: name, top: false, cacheDir: WEIGHTS, signal, say }),
    howTo: (name) =>
      `Fetch them once with \`npm run train -- --model ${name}\`, or name a Keras file with \`--weights-${name} FILE\`, and give the same command again: all other steps are kept.`,
  };
}

function conclude({ say, style, json }: Context, outcome: StudyOutcome, out: string) {
  const { record, report } = outcome;
  say();
  say(concludingTable(record, style.bold));
  say();
  say(`report     ${style.bold(report.html)}`);
  say(`           ${report.markdown}`);
  json({ out, report: report.html, ...(studyJson(record) as Record<string, JsonValue>) });
}

function commandLine(flags: Context["flags"]): string {
  const { quick, seed, out, adapter, kernels, tune, exact, workers } = flags;
  const { weightsVgg19, weightsResnet152v2 } = flags;
  const given = [
    quick ? "--quick" : "",
    seed === SEED_FLAG.seed.default ? "" : `--seed ${seed}`,
    dataFlags(flags),
    weightsVgg19 === undefined ? "" : `--weights-vgg19 ${quoted(weightsVgg19)}`,
    weightsResnet152v2 === undefined ? "" : `--weights-resnet152v2 ${quoted(weightsResnet152v2)}`,
    out === undefined ? "" : `--out ${quoted(out)}`,
    workers === undefined ? "" : `--workers ${workers}`,
    kernels === undefined ? "" : `--kernels ${quoted(kernels)}`,
    ...[tune ? "" : "--no-tune", exact ? "--exact" : ""],
    adapter === undefined ? "" : `--adapter ${quoted(adapter)}`,
  ].filter((flag) => flag !== "");
  return given.length === 0 ? "npm run study" : `npm run study -- ${given.join(" ")}`;
}

function dataFlags(flags: Context["flags"]): string {
  const named = [
    ["data", flags.data],
    ["shape", flags.shape],
    ["label-column", flags.labelColumn],
    ["class-names", flags.classNames],
  ] as const;
  const given = [
    ...named.map(([flag, value]) => (value === undefined ? "" : `--${flag} ${quoted(value)}`)),
    flags.dropMissing ? "--drop-missing" : "",
    flags.keepDuplicates ? "--keep-duplicates" : "",
  ];
  return given.filter((flag) => flag !== "").join(" ");
}

await runCommand(command);

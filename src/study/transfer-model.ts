// One of the study's ImageNet networks: base frozen, a new head on its features, trained under the study's protocol and
// scored three times. Leaves a run folder, as `train` does.

import { basename } from "node:path";
import type { Device } from "../engine/core/device.ts";
import { VitrineError } from "../engine/core/errors.ts";
import { variablesOf } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { readPretrained } from "../keras/weights/pretrained.ts";
import type { BackboneName } from "../models/backbones.ts";
import { createModel, createTransferModel, type TransferModelConfig } from "../models/models.ts";
import { drawRun } from "../report/charts/saved-charts.ts";
import { removeCheckpoints } from "../runs/part-checkpoints.ts";
import { type Basis, featureBasis } from "../train/basis.ts";
import { allRows } from "../train/device-data.ts";
import type { FitRun } from "../train/fit.ts";
import { openFeatures } from "../train/frozen/feature-store.ts";
import { namedTensors } from "../train/named-tensors.ts";
import type { StudyContext } from "./context.ts";
import type { TransferResult } from "./step-results.ts";
import { saveStudyRun, studyRunConfig, trainPlan } from "./training-step.ts";
import type { TransferModel } from "./transfer-step.ts";

/** What transfer needs beyond the study's own files. */
export interface TransferMeans {
  /** The file with Keras's weights of a network, if it is at hand; nothing is downloaded. */
  readonly findWeights: (name: BackboneName) => Promise<string | null>;
  /** What a person does to have it, a sentence. */
  readonly howTo: (name: BackboneName) => string;
  /** Where features are kept between runs. */
  readonly featureFolder: string;
}

export function transferModels(means: TransferMeans): readonly TransferModel[] {
  return (["resnet152v2", "vgg19"] as const).map((name) => ({
    name,
    obstacle: async () => {
      if ((await means.findWeights(name)) !== null) return null;
      return { reason: "its ImageNet weights are not at hand.", enable: means.howTo(name) };
    },
    run: async (context, folder) => {
      const file = await means.findWeights(name);
      if (file === null) {
        throw new VitrineError(
          `study: the ImageNet weights of ${name} must stay, got none any more`,
        );
      }
      return run(context, { name, file, folder, featureFolder: means.featureFolder });
    },
  }));
}

interface Work {
  readonly name: BackboneName;
  readonly file: string;
  readonly folder: string;
  readonly featureFolder: string;
}

/** The head is a guess: the study prints none. Rate and batch are those of its LeNet-5. */
const HEAD = { pooling: "flatten", units: 256, dropout: 0.5, classes: 10 } as const;
const TRAINING = { learningRate: 1e-3, batchSize: 50 } as const;

async function run(context: StudyContext, work: Work): Promise<TransferResult> {
  const start = performance.now();
  const { bench, data, signal } = context;
  const unread: TransferModelConfig = {
    ...{ name: work.name, inputSize: 32, preprocessing: "imagenet", freeze: "base" },
    ...HEAD,
  };
  const { base } = createTransferModel({ ...unread, pretrained: null });
  const { sha256, weights } = await readPretrained(work.file, base);
  const config = { ...unread, pretrained: sha256 };
  const scope = (await bench.equipment()).device.scope();
  try {
    const basis = openBasis(context, work, { device: scope, config, pretrained: weights });
    const train = await basis.place(data.train);
    const plan = { model: config, training: TRAINING };
    const planned = { plan, folder: work.folder, device: scope, basis, data: train };
    const trained = await trainPlan(context, planned);
    signal.throwIfAborted();
    await save(context, { config, basis, trained, folder: work.folder });
    removeCheckpoints(work.folder);
    const test = await basis.place(data.test);
    const { heldOut, all } = context.rows;
    return {
      figures: {
        heldOut: await trained.score({ data: train, rows: heldOut }),
        test: await trained.score(allRows(test)),
        leaked: await trained.score({ data: train, rows: all }),
      },
      training: {
        parameters: variablesOf(createModel(config)).count(),
        file: basename(work.file),
        history: trained.history,
        bestEpoch: trained.kept?.epoch ?? 0,
        seconds: (performance.now() - start) / 1000,
        adapter: scope.name,
      },
    };
  } finally {
    scope.destroy();
  }
}

interface Base {
  readonly device: Device;
  readonly config: TransferModelConfig;
  readonly pretrained: Weights;
}

function openBasis(context: StudyContext, { featureFolder }: Work, base: Base): Basis {
  const { seed } = context.settings;
  const { device, config } = base;
  const key = { config, seed, adapter: device.name };
  return featureBasis({
    ...context.screen.base(),
    ...base,
    seed,
    signal: context.signal,
    storeFor: (dataset, model) => openFeatures(featureFolder, key, { dataset, base: model }),
  });
}

interface Trained {
  readonly config: TransferModelConfig;
  readonly basis: Basis;
  readonly trained: FitRun;
  readonly folder: string;
}

async function save(context: StudyContext, { config, basis, trained, folder }: Trained) {
  const weights = basis.complete(trained.weights);
  await saveStudyRun(
    folder,
    {
      config: studyRunConfig(context, { model: config, training: TRAINING }, trained.device),
      metrics: { epochs: trained.history.length, msPerStep: trained.msPerStep },
      history: trained.history,
      weights: namedTensors(variablesOf(createModel(config)), weights),
    },
    trained.device,
  );
  const { classNames } = context.data.train;
  await drawRun(folder, { history: trained.history, confusion: null, classNames });
}

// The package `vitrine`: everything that runs in a browser as in Node. Files, data sets and adapters of Node are `vitrine/node`.

export { type CleanData, cleanData } from "./data/clean.ts";
export { type Dataset, takeRows } from "./data/dataset.ts";
export { kFold, type Split, stratifiedKFold, trainTestSplit } from "./data/split.ts";
export { Device, type DeviceOptions, type ScopeOptions } from "./engine/core/device.ts";
export {
  DeviceError,
  FormatError,
  KernelError,
  type KernelFault,
  ShapeError,
  UsageError,
  VitrineError,
} from "./engine/core/errors.ts";
export { type Kernel, kernelFrom, shaderFrom } from "./engine/core/kernel.ts";
export type { KernelCache } from "./engine/core/kernel-cache.ts";
export { type RungChoices, RungTable } from "./engine/core/rung-table.ts";
export { type Shape, sizeOf } from "./engine/core/shape.ts";
export type { Tensor } from "./engine/core/tensor.ts";
export type { LayerActivation } from "./engine/layers/activation-names.ts";
export {
  elu,
  eluActivation,
  leakyRelu,
  leakyReluActivation,
  prelu,
  relu,
  reluActivation,
  softmaxLayer,
} from "./engine/layers/activations.ts";
export { batchNormalization } from "./engine/layers/batch-normalization.ts";
export { type Conv2dConfig, conv2d } from "./engine/layers/conv2d.ts";
export { conv2dTranspose, depthwiseConv2d, separableConv2d } from "./engine/layers/convolutions.ts";
export { type DenseConfig, dense } from "./engine/layers/dense.ts";
export { groupNormalization, layerNormalization } from "./engine/layers/group-normalization.ts";
export {
  centerCrop,
  cropping2d,
  permute,
  reshape,
  resizing,
  upSampling2d,
} from "./engine/layers/images.ts";
export {
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  ones,
  truncatedNormal,
  zeros,
} from "./engine/layers/initializers.ts";
export { concatenateBranches, mergeBranches } from "./engine/layers/merging.ts";
export {
  describeModel,
  type Model,
  type ModelDescription,
  sequential,
} from "./engine/layers/model.ts";
export { type Layer, layerOf, type Net } from "./engine/layers/net.ts";
export {
  averagePooling2d,
  globalAveragePooling2d,
  globalMaxPooling2d,
  maxPooling2d,
} from "./engine/layers/pooling.ts";
export {
  alphaDropout,
  gaussianDropout,
  gaussianNoise,
  randomBrightness,
  randomContrast,
  randomErasing,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
  spatialDropout2d,
} from "./engine/layers/random-images.ts";
export { normalization, rescaling } from "./engine/layers/scaling.ts";
export {
  activation,
  addBranches,
  dropout,
  flatten,
  zeroPadding2d,
} from "./engine/layers/shaping.ts";
export type { Precision } from "./engine/layers/variables.ts";
export {
  type CrossentropyConfig,
  categoricalCrossentropy,
} from "./engine/ops/loss/categorical-crossentropy.ts";
export {
  binaryCrossentropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from "./engine/ops/loss/elementwise.ts";
export type { Loss, LossRequest, LossResults } from "./engine/ops/loss/loss.ts";
export { adagrad } from "./engine/optim/adagrad.ts";
export { type AdamConfig, adam } from "./engine/optim/adam.ts";
export { withClipping } from "./engine/optim/clipping.ts";
export { withEma } from "./engine/optim/ema.ts";
export { lion } from "./engine/optim/lion.ts";
export type { LossScaleConfig } from "./engine/optim/loss-scale.ts";
export { nadam } from "./engine/optim/nadam.ts";
export type { Clipping, Optimizer } from "./engine/optim/optimizer.ts";
export { rmsprop } from "./engine/optim/rmsprop.ts";
export { type SgdConfig, sgd } from "./engine/optim/sgd.ts";
export { adamw, withWeightDecay } from "./engine/optim/weight-decay.ts";
export type { Dispatch, Grid, Pass, Program } from "./engine/program/program.ts";
export { readRecording } from "./engine/program/read-recording.ts";
export { linearGrid, Recorder } from "./engine/program/recorder.ts";
export { apply, type Op } from "./engine/program/tape.ts";
export { wordStride } from "./engine/program/word-stride.ts";
export { writeRecording } from "./engine/program/write-recording.ts";
export type { Culprit } from "./inspect/hunt/hunt.ts";
export type { Trail } from "./inspect/hunt/hunting-ground.ts";
export type { Profile, ProfiledDispatch, ProfileTotal } from "./inspect/profile/profile-schema.ts";
export { chromeTrace, type Trace } from "./inspect/profile/trace.ts";
export type { StepKind } from "./inspect/step.ts";
export { type Check, isWithin, type Verification } from "./inspect/verify/verify.ts";
export {
  earlyStopping,
  learningRateScheduler,
  modelCheckpoint,
  reduceLROnPlateau,
  terminateOnNaN,
} from "./library/callbacks.ts";
export { type FitOptions, fit, type Run } from "./library/fit.ts";
export {
  hunt,
  type ProfileOptions,
  profile,
  type StepOptions,
  type VerifyOptions,
  verify,
} from "./library/inspect.ts";
export {
  rowsOf,
  type SplitOptions,
  split,
  type TensorData,
  type TensorDataOptions,
  type TensorRows,
  tensorData,
} from "./library/tensor-data.ts";
export { densenet121 } from "./models/densenet.ts";
export { type Lenet5Config, lenet5 } from "./models/lenet5.ts";
export { mobilenetv2 } from "./models/mobilenet-v2.ts";
export { resnet50 } from "./models/resnet.ts";
export { resnet50v2, resnet101v2, resnet152v2 } from "./models/resnet-v2.ts";
export { vgg16, vgg19 } from "./models/vgg.ts";
export { huntLines } from "./report/text/hunt-text.ts";
export { dispatchTable } from "./report/text/profile-text.ts";
export { verifyTable } from "./report/text/verify-table.ts";
export type { Callback, Logs, TrainingControl } from "./train/callbacks/callback.ts";
export type { ClassWeight } from "./train/class-weights.ts";
export { spread } from "./train/cross-validation.ts";
export { DivergenceError } from "./train/divergence-error.ts";
export type { Evaluation } from "./train/evaluator.ts";
export { pairedCounts } from "./train/metrics/agreement.ts";
export {
  type AverageScores,
  type ClassificationScores,
  type ClassScores,
  classificationScores,
} from "./train/metrics/classification.ts";
export {
  holmCorrection,
  type McNemar,
  mcnemarTest,
  type PairedCounts,
} from "./train/metrics/mcnemar.ts";
export {
  brierScore,
  confusionOf,
  logLoss,
  type Predictions,
  predictionsOf,
} from "./train/metrics/predictions.ts";
export { type AreasUnderCurve, areasUnderCurve, topKAccuracy } from "./train/metrics/ranking.ts";
export { wilsonInterval } from "./train/metrics/wilson.ts";
export type { NamedWeight, NamedWeights } from "./train/named-tensors.ts";
export type { HyperParameters, NumberOptions } from "./tune/hyper-parameters.ts";

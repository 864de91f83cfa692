// The flags by which a training is looked at while it goes on. None of them changes a bit of what is trained.

export const LOOKING_FLAGS = {
  stats: {
    type: "integer",
    value: "steps",
    min: 1,
    help: "every so many steps, measure activations, gradients, weights and updates of every layer on the device: mean, deviation, extremes, zeros, histogram; kept in the run's statistics.json, and drawn in its report",
  },
  tensorboard: {
    type: "string",
    value: "folder",
    help: "write event files for TensorBoard below this folder, under the run's name",
  },
  "watch-numbers": {
    type: "boolean",
    help: "count weights that are NaN or infinite after every step, and stop soon after the first; without it, the loss is looked at once an epoch",
  },
  "verify-every": {
    type: "integer",
    value: "steps",
    min: 1,
    help: "before every so many steps, check all kernels of the next one as `npm run verify` does; exits with 1 when one is out of bounds",
  },
  "no-hunt": {
    type: "boolean",
    help: "when the loss is no number any more, do not look for the kernel that made it so",
  },
} as const;

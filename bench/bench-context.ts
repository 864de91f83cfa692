// The flags of the bench, and the context that its parts get.

import type { CommandContext } from "../src/cli/frame/command.ts";

export const ROUNDS = 3;

export const FLAGS = {
  filter: {
    type: "string",
    value: "text",
    help: "only what has this in its name, e.g. conv2, vgg19, train; with --peers: only peers that have",
  },
  out: {
    type: "string",
    value: "file",
    help: "write the result (.json), for --against and --history; with --history: the picture (.svg; default bench-history.svg)",
  },
  against: {
    type: "string",
    value: "file",
    help: "beside a result of before: what is slower beyond the spread of both, which ends with 1",
  },
  "any-adapter": {
    type: "boolean",
    help: "--against also what another adapter or driver gave, hardware or software like this one",
  },
  peers: {
    type: "string",
    value: "folder",
    help: "run the programs of others found there in turns with our own cases, and print ratios (docs/bench.md)",
  },
  measured: {
    type: "boolean",
    help: "whole passes and training steps also with the kernels that tune-kernels measured; with --peers: ours with those",
  },
  rounds: {
    type: "integer",
    min: 1,
    help: `--peers: how often each is run in turn with ours; default ${ROUNDS}`,
  },
  history: {
    type: "boolean",
    help: "draw what the results of a folder say of each case over time; measures nothing",
  },
  data: { type: "string", value: "path", help: "data set of the training step, as for train" },
  adapter: { type: "string", value: "name", help: "part of the name of the GPU adapter to use" },
} as const;

export const POSITIONALS = [
  {
    name: "PATH",
    optional: true,
    help: "--history: the folder, default bench/results; --against: a result to compare in place of measuring one",
  },
] as const;

export type BenchContext = CommandContext<typeof FLAGS, typeof POSITIONALS>;

// The logarithm of softmax over the last axis, which no probability is too small for.
//   y[n,k] = x[n,k] − max x[n] − log Σ exp(x[n,·] − max x[n])     dx = dy − exp(y) · Σ dy
//   x (N,K)   ->   y (N,K)

import shader from "../../shaders/log-softmax.wgsl";
import type { Kernel } from "../core/kernel.ts";
import { kernelsOfRows, rowOp } from "./softmax.ts";

export const logSoftmax = rowOp("log-softmax", shader);

/** Every kernel that this file dispatches. */
export const logSoftmaxKernels = (): Iterable<Kernel> => kernelsOfRows(shader);

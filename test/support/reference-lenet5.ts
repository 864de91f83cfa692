// LeNet-5 with ReLU and max pooling, its loss, its gradients and Keras's Adam, in float64 and plain loops. Written apart
// from the engine (it shares no code with it), as the other side of the trajectory test.

type Values = Float64Array;

interface Image {
  readonly h: number;
  readonly w: number;
  readonly c: number;
}

const K = 5;

/** Weights in Keras's order: kernels HWIO and (I, O), each followed by its bias. */
export type ReferenceWeights = Values[];

/** One training step on a batch of 32×32×1 images; changes `weights` in place and returns the loss before the step. */
export class ReferenceLenet5 {
  readonly weights: ReferenceWeights;
  readonly #m: Values[];
  readonly #v: Values[];
  #t = 0;

  constructor(weights: readonly ArrayLike<number>[]) {
    this.weights = weights.map((values) => Float64Array.from(values));
    this.#m = this.weights.map((values) => new Float64Array(values.length));
    this.#v = this.weights.map((values) => new Float64Array(values.length));
  }

  step(
    images: readonly ArrayLike<number>[],
    labels: readonly number[],
    learningRate: number,
  ): number {
    const gradients = this.weights.map((values) => new Float64Array(values.length));
    let loss = 0;
    for (const [n, image] of images.entries()) {
      loss += this.#example(Float64Array.from(image), labels[n] ?? 0, gradients) / images.length;
    }
    for (const gradient of gradients)
      for (const i of gradient.keys()) gradient[i] = at(gradient, i) / images.length;
    this.#adam(gradients, learningRate);
    return loss;
  }

  /** Loss of one example; adds its gradients. */
  #example(x0: Values, label: number, gradients: Values[]): number {
    const [w1, b1, w2, b2, w3, b3, w4, b4, w5, b5] = this.weights as [
      Values,
      Values,
      Values,
      Values,
      Values,
      Values,
      Values,
      Values,
      Values,
      Values,
    ];
    const [g1, gb1, g2, gb2, g3, gb3, g4, gb4, g5, gb5] = gradients as typeof this.weights &
      [Values, Values, Values, Values, Values, Values, Values, Values, Values, Values];
    const c1 = relu(conv(x0, { h: 32, w: 32, c: 1 }, w1, b1));
    const p1 = pool(c1, { h: 28, w: 28, c: 6 });
    const c2 = relu(conv(p1.y, { h: 14, w: 14, c: 6 }, w2, b2));
    const p2 = pool(c2, { h: 10, w: 10, c: 16 });
    const d1 = relu(dense(p2.y, w3, b3));
    const d2 = relu(dense(d1, w4, b4));
    const { loss, dz } = crossEntropy(dense(d2, w5, b5), label);
    const dd2 = mask(denseBackward(d2, w5, dz, g5, gb5), d2);
    const dd1 = mask(denseBackward(d1, w4, dd2, g4, gb4), d1);
    const dp2 = denseBackward(p2.y, w3, dd1, g3, gb3);
    const dc2 = mask(unpool(dp2, p2.from, c2.length), c2);
    const dp1 = convBackward(p1.y, { h: 14, w: 14, c: 6 }, w2, dc2, g2, gb2);
    const dc1 = mask(unpool(dp1, p1.from, c1.length), c1);
    convBackward(x0, { h: 32, w: 32, c: 1 }, w1, dc1, g1, gb1);
    return loss;
  }

  #adam(gradients: readonly Values[], learningRate: number): void {
    this.#t++;
    const alpha = (learningRate * Math.sqrt(1 - 0.999 ** this.#t)) / (1 - 0.9 ** this.#t);
    for (const [k, gradient] of gradients.entries()) {
      const [w, m, v] = [this.weights[k], this.#m[k], this.#v[k]];
      if (!(w && m && v)) continue;
      for (const [i, g] of gradient.entries()) {
        m[i] = at(m, i) + (g - at(m, i)) * (1 - 0.9);
        v[i] = at(v, i) + (g * g - at(v, i)) * (1 - 0.999);
        w[i] = at(w, i) - (at(m, i) * alpha) / (Math.sqrt(at(v, i)) + 1e-7);
      }
    }
  }
}

function at(values: ArrayLike<number>, i: number): number {
  return values[i] ?? 0;
}

function relu(z: Values): Values {
  return z.map((value) => Math.max(value, 0));
}

function mask(dy: Values, y: Values): Values {
  return dy.map((value, i) => (at(y, i) > 0 ? value : 0));
}

/** Calls `visit` with the flat indices of every product of a valid 5×5 convolution. */
function eachProduct(
  size: Image,
  filters: number,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [oh, ow] = [size.h - K + 1, size.w - K + 1];
  for (let position = 0; position < oh * ow; position++) {
    const [y, x] = [Math.floor(position / ow), position % ow];
    for (let tap = 0; tap < K * K; tap++) {
      const [ky, kx] = [Math.floor(tap / K), tap % K];
      for (let c = 0; c < size.c; c++) {
        const input = ((y + ky) * size.w + x + kx) * size.c + c;
        const kernel = (tap * size.c + c) * filters;
        for (let o = 0; o < filters; o++) visit(input, kernel + o, position * filters + o);
      }
    }
  }
}

function conv(x: Values, size: Image, w: Values, b: Values): Values {
  const filters = b.length;
  const z = new Float64Array((size.h - K + 1) * (size.w - K + 1) * filters);
  for (const i of z.keys()) z[i] = at(b, i % filters);
  eachProduct(size, filters, (xi, wi, zi) => {
    z[zi] = at(z, zi) + at(x, xi) * at(w, wi);
  });
  return z;
}

function convBackward(
  x: Values,
  size: Image,
  w: Values,
  dz: Values,
  dw: Values,
  db: Values,
): Values {
  const filters = db.length;
  const dx = new Float64Array(x.length);
  for (const [i, value] of dz.entries()) db[i % filters] = at(db, i % filters) + value;
  eachProduct(size, filters, (xi, wi, zi) => {
    dw[wi] = at(dw, wi) + at(x, xi) * at(dz, zi);
    dx[xi] = at(dx, xi) + at(w, wi) * at(dz, zi);
  });
  return dx;
}

/** 2×2 maxima, and where each came from: the first in row-major order. */
function pool(x: Values, { h, w, c }: Image): { y: Values; from: Int32Array } {
  const y = new Float64Array((h / 2) * (w / 2) * c);
  const from = new Int32Array(y.length);
  for (const i of y.keys()) {
    const channel = i % c;
    const column = 2 * (Math.floor(i / c) % (w / 2));
    const row = 2 * Math.floor(i / c / (w / 2));
    const corner = (row * w + column) * c + channel;
    const cells = [corner, corner + c, corner + w * c, corner + (w + 1) * c];
    let best = corner;
    for (const cell of cells) if (at(x, cell) > at(x, best)) best = cell;
    y[i] = at(x, best);
    from[i] = best;
  }
  return { y, from };
}

function unpool(dy: Values, from: Int32Array, length: number): Values {
  const dx = new Float64Array(length);
  for (const [i, value] of dy.entries()) dx[at(from, i)] = at(dx, at(from, i)) + value;
  return dx;
}

function dense(x: Values, w: Values, b: Values): Values {
  const units = b.length;
  return b.map((bias, o) => x.reduce((sum, value, i) => sum + value * at(w, i * units + o), bias));
}

function denseBackward(x: Values, w: Values, dz: Values, dw: Values, db: Values): Values {
  const units = dz.length;
  for (const [o, value] of dz.entries()) db[o] = at(db, o) + value;
  return x.map((value, i) => {
    let sum = 0;
    for (const [o, d] of dz.entries()) {
      dw[i * units + o] = at(dw, i * units + o) + value * d;
      sum += at(w, i * units + o) * d;
    }
    return sum;
  });
}

function crossEntropy(z: Values, label: number): { loss: number; dz: Values } {
  const top = Math.max(...z);
  const sum = z.reduce((total, value) => total + Math.exp(value - top), 0);
  const loss = top + Math.log(sum) - at(z, label);
  return { loss, dz: z.map((value, k) => Math.exp(value - top) / sum - (k === label ? 1 : 0)) };
}

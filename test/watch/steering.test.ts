// The learning rate set from the page: what the control gets, what is logged and recorded, how schedules go on.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UsageError } from "../../src/engine/core/errors.ts";
import type { RateEvent, Told } from "../../src/page/live/live-events.ts";
import type { Logs, TrainingControl } from "../../src/train/callbacks/callback.ts";
import {
  LearningRateScheduler,
  type Schedule,
} from "../../src/train/callbacks/learning-rate-scheduler.ts";
import { type ScheduleName, scheduleOf } from "../../src/train/schedules.ts";
import { EventLog } from "../../src/watch/event-log.ts";
import { Steering } from "../../src/watch/steering.ts";

const test = suite("steering");

function control(learningRate: number): TrainingControl {
  let rate = Math.fround(learningRate);
  return {
    get learningRate() {
      return rate;
    },
    set learningRate(value: number) {
      rate = Math.fround(value);
    },
    weights: new Map(),
    stop: () => undefined,
    restore: () => undefined,
  };
}

function steered(schedule?: Schedule) {
  const log = new EventLog();
  const steering = new Steering({ log, schedule, place: () => ({ epoch: 2, step: 7 }) });
  const rates = () =>
    [...log.after(0)]
      .map(({ text }) => JSON.parse(text) as Told)
      .filter((event): event is Told & RateEvent => event.type === "rate");
  return { steering, rates };
}

test("a rate is set at once, told, recorded and logged", () => {
  const { steering, rates } = steered();
  const own = control(0.001);
  steering.onTrainBegin(own);
  steering.onEpochBegin(0, own);
  steering.set(0.0005);
  assert.is(own.learningRate, Math.fround(0.0005));
  const change = { epoch: 2, step: 7, from: Math.fround(0.001), to: Math.fround(0.0005) };
  assert.equal(steering.changes, [change]);
  const logs: Logs = {};
  steering.onEpochEnd(0, logs, own);
  assert.equal(logs, { lr: Math.fround(0.0005) });
  assert.equal(
    rates().map(({ learningRate, isByHand, epoch }) => [learningRate, isByHand, epoch]),
    [
      [Math.fround(0.001), false, 1],
      [Math.fround(0.0005), true, 2],
    ],
  );
});

test("the same rate again is no change, and what others logged stays", () => {
  const { steering } = steered();
  const own = control(0.001);
  steering.onTrainBegin(own);
  steering.set(0.001);
  assert.equal(steering.changes, []);
  const logs: Logs = { lr: 3 };
  steering.onEpochEnd(0, logs, own);
  assert.equal(logs, { lr: 3 });
});

for (const rate of [
  0,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e39,
  "0.1",
  null,
  undefined,
  {},
]) {
  test(`no rate: ${JSON.stringify(rate) ?? "nothing"} (${typeof rate})`, () => {
    const { steering } = steered();
    const own = control(0.001);
    steering.onTrainBegin(own);
    assert.throws(
      () => steering.set(rate),
      (error: unknown) =>
        error instanceof UsageError && /^rate: must be a number above 0, got/.test(error.message),
    );
    assert.is(own.learningRate, Math.fround(0.001));
  });
}

test("none is taken before training and after it", () => {
  const { steering } = steered();
  assert.throws(() => steering.set(0.1), /while the model trains/);
  steering.onTrainBegin(control(0.001));
  steering.onTrainEnd();
  assert.throws(() => steering.set(0.1), /while the model trains/);
});

/** The rates of six epochs; half of the rate is set within the third. */
function ratesOf(name: ScheduleName): readonly number[] {
  const schedule = scheduleOf(name, { learningRate: 0.01, epochs: 6 }) ?? undefined;
  const { steering } = steered(schedule);
  const own = control(0.01);
  const callbacks = [...(schedule ? [new LearningRateScheduler(schedule)] : []), steering];
  steering.onTrainBegin(own);
  return Array.from({ length: 6 }, (_, epoch) => {
    for (const callback of callbacks) callback.onEpochBegin(epoch, own);
    const { learningRate } = own;
    if (epoch === 2) steering.set(own.learningRate / 2);
    return learningRate;
  });
}

test("a schedule that changes the rate it finds goes on from there", () => {
  assert.equal(
    ratesOf("constant").map((rate) => Number(rate.toPrecision(4))),
    [0.01, 0.01, 0.01, 0.005, 0.005, 0.005],
  );
});

for (const name of ["exponential", "cosine"] as const) {
  test(`${name}, which does not look at the rate, is halved from there`, () => {
    const schedule = scheduleOf(name, { learningRate: 0.01, epochs: 6 });
    assert.ok(schedule);
    for (const [epoch, rate] of ratesOf(name).entries()) {
      const expected = (schedule?.(epoch, 0) ?? 0) / (epoch > 2 ? 2 : 1);
      assert.ok(Math.abs(rate - expected) < 1e-8, `epoch ${epoch}: ${rate} and ${expected}`);
    }
  });
}

test.run();

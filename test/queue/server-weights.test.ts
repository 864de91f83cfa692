// Weights on a Redis and on a PostgreSQL server: what is put there is what is found, in pieces; and once a job is over nothing of it
// is left, neither of a worker that died before it told of them, nor of one that was taken for dead and comes late.

import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BullTrials } from "../../src/queue/bull-trials.ts";
import { runQueueWorker, type TrialCall } from "../../src/queue/bull-worker.ts";
import { findQueue } from "../../src/queue/find-queue.ts";
import type { QueueServer, ServerExchange } from "../../src/queue/queue-server.ts";
import { RemoteTrials, trialAnswer } from "../../src/queue/remote-trials.ts";
import type { SearchMessage, TrialMessage } from "../../src/queue/trial-message.ts";
import type { WeightsExchange } from "../../src/queue/weights-exchange.ts";
import { planOf, type TrialOutcome } from "../../src/tune/tuner.ts";
import { refusalOf } from "../io/folder.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startRedis } from "../support/redis-server.ts";
import { hyperModel, type Plan, SPACE } from "../tune/toy-search.ts";
import { TOY_JOB, TOY_OUTCOME, weights } from "./toy-job.ts";

const test = suite("weights on a server");
const STUDY = "8d7f3c1e-toy";
const SEARCH: SearchMessage = {
  ...{ command: "tune", study: STUDY, flags: [], description: {} },
  ...{ checkpointMinutes: 5, kernels: null },
};
const [redis, postgres] = [await startRedis({ password: "s3cret" }), await startPostgres()];

/** A server, with what is left on it of jobs and of weights. */
interface Place {
  readonly server: QueueServer;
  readonly left: () => Promise<readonly unknown[]>;
}

const places: Record<string, (() => Promise<Place>) | null> = {
  Redis:
    redis &&
    (async () => ({
      server: await findQueue(redis.url),
      left: async () => {
        const keys = await redis.ask((client) => client.keys("vitrine:*"));
        return keys.filter((key) => key.startsWith("vitrine:weights:") || key.includes(STUDY));
      },
    })),
  PostgreSQL:
    postgres &&
    (async () => ({
      server: await findQueue(postgres.url),
      left: () =>
        postgres.ask(
          "SELECT id FROM vitrine.job UNION ALL SELECT place FROM vitrine.vitrine_weights",
        ),
    })),
};

/** On each of the servers. */
function onServers(name: string, body: (place: Place) => Promise<void>): void {
  for (const [kind, open] of Object.entries(places)) {
    if (open) test(`${kind}: ${name}`, async () => body(await open()));
    else console.log(`skipped, for want of ${kind}: ${name}`);
  }
}

/** With an exchange of one's own. */
async function exchanging<T>(
  server: QueueServer,
  body: (exchange: ServerExchange) => Promise<T>,
): Promise<T> {
  const exchange = server.openExchange();
  try {
    return await body(exchange);
  } finally {
    exchange.close();
  }
}

/** The chief's end and a worker's, which answers as told; the job is recorded when `body` says so. */
async function overQueue(
  server: QueueServer,
  before: (exchange: WeightsExchange) => Promise<void>,
  body: (recorded: () => Promise<void>, exchange: WeightsExchange) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const transport = new BullTrials({ server, search: SEARCH, tell: () => undefined });
  await exchanging(server, async (opened) => {
    const exchange = opened.of(STUDY);
    const answer = async ({ job }: TrialCall) => {
      await before(exchange);
      const how = { exchange, adapter: "toy", driver: "toy 1", signal: undefined };
      return await trialAnswer<Plan>(
        { run: async () => TOY_OUTCOME, planOf: (values) => planOf(hyperModel, SPACE, values) },
        job as TrialMessage,
        how,
      );
    };
    const { signal } = stop;
    const tell = (): void => undefined;
    const worker = runQueueWorker({ server, signal, lockSeconds: 30, answer, tell });
    const trials = new RemoteTrials<Plan>({ transport, exchange, onProgress: () => undefined });
    try {
      const outcome = (await trials.run(TOY_JOB, undefined)) as TrialOutcome;
      assert.is(outcome.models[0]?.weights.length, 2);
      await body(() => trials.recorded(TOY_JOB.trial.id), exchange);
    } finally {
      stop.abort();
      await worker;
      await transport.close();
    }
  });
}

onServers("weights cross in pieces, and what the server lost is said", async ({ server, left }) => {
  await exchanging(server, async (opened) => {
    const exchange = opened.of(STUDY);
    // Of nine megabytes, which are more than a piece.
    const shape = [2.25 * 2 ** 20];
    const data = Float32Array.from({ length: shape[0] ?? 0 }, (_, i) => i / 7);
    const ref = await exchange.put("1", "large", [{ name: "w", dtype: "F32", shape, data }]);
    const small = await exchange.put("1", "small", weights);
    assert.equal((await exchange.get("1", ref))[0]?.data, data);
    assert.is((await exchange.get("1", small)).length, 2);
    const other = { ...ref, sha256: "0".repeat(64) };
    assert.match(await refusalOf(exchange.get("1", other)), /must be those that were told of/);
    await opened.of("another").clear("1");
    await exchange.clear("11");
    assert.is((await exchange.get("1", small)).length, 2);
    await exchange.clear("1");
    assert.match(await refusalOf(exchange.get("1", ref)), /must be on the server, got none/);
    assert.equal(await left(), []);
  });
});

onServers("weights of a worker that died before its answer go too", async ({ server, left }) => {
  const dead = async (exchange: WeightsExchange): Promise<void> => {
    await exchange.putAnswer(TOY_JOB.trial.id, "trial-0", weights);
  };
  await overQueue(server, dead, async (recorded) => {
    // The job, what it began with, and weights of two workers.
    assert.ok((await left()).length > 0);
    await recorded();
  });
  assert.equal(await left(), []);
});

onServers("weights that come after the job are not kept", async ({ server, left }) => {
  const nothing = async (): Promise<void> => undefined;
  await overQueue(server, nothing, async (recorded, exchange) => {
    const { id } = TOY_JOB.trial;
    await recorded();
    const ref = await exchange.putAnswer(id, "trial-0", weights);
    assert.match(await refusalOf(exchange.get(id, ref)), /must be on the server, got none/);
    assert.equal(await left(), []);
  });
});

onServers("nor those that come while the job is removed", async ({ server, left }) => {
  const nothing = async (): Promise<void> => undefined;
  for (let round = 0; round < 3; round++) {
    await overQueue(server, nothing, async (recorded, exchange) => {
      let isOver = false;
      const late = Array.from({ length: 4 }, async () => {
        while (!isOver) await exchange.putAnswer(TOY_JOB.trial.id, "trial-0", weights);
      });
      await sleep(30);
      assert.ok((await left()).length > 0);
      await recorded();
      isOver = true;
      await Promise.all(late);
    });
    assert.equal(await left(), []);
  }
});

if (postgres) {
  test("PostgreSQL: nor those that come before its removal is seen", async () => {
    const nothing = async (): Promise<void> => undefined;
    await overQueue(await findQueue(postgres.url), nothing, async (_, exchange) => {
      const removed = postgres.ask(
        "BEGIN; DELETE FROM vitrine.job; DELETE FROM vitrine.vitrine_weights; SELECT pg_sleep(1); COMMIT",
      );
      await sleep(500);
      await exchange.putAnswer(TOY_JOB.trial.id, "trial-0", weights);
      await removed;
      const left = await postgres.ask("SELECT place FROM vitrine.vitrine_weights");
      assert.equal(left, []);
    });
  });
}

test.after(async () => {
  await redis?.stop();
  await postgres?.stop();
});
test.run();

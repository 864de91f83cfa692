// Weights on their way through PostgreSQL, for machines that share no folder: safetensors files in pieces, in a table; what nobody
// took goes after a week.

import type { Pool } from "pg";
import type { NamedTensor } from "../io/safetensors.ts";
import { QUEUE, type ServerExchange } from "./queue-server.ts";
import { nameInQueue } from "./study-id.ts";
import type { WeightsRef } from "./trial-message.ts";
import type { WeightsExchange } from "./weights-exchange.ts";
import { decodePieces, encodePieces } from "./weights-pieces.ts";

/** Attempts that a server has which is restarted, a second apart. */
const ATTEMPTS = 60;

type Value = string | number | Buffer;
type Ask = (
  text: string,
  values: readonly Value[],
) => Promise<readonly { readonly bytes?: unknown }[]>;

export class PostgresExchange implements ServerExchange {
  readonly #pool: Pool;
  readonly #schema: string;
  #isClosed = false;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
    // A connection that is cut is opened again by the next query.
    pool.on("error", () => undefined);
  }

  /** Once a server; harmless when it is there. */
  static async setUp(pool: Pool, schema: string): Promise<void> {
    const table = tableOf(schema);
    // One transaction: of several who come first at once, all but one would be refused, IF NOT EXISTS or not.
    await pool.query(`
      SELECT pg_advisory_xact_lock(hashtext('${table}'));
      CREATE TABLE IF NOT EXISTS ${table} (place text, piece integer, bytes bytea NOT NULL, since timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (place, piece));
      ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS job text;
      DELETE FROM ${table} WHERE since < now() - interval '7 days'`);
  }

  of(study: string): WeightsExchange {
    return new StudyWeights((text, values) => this.#ask(text, values), this.#schema, study);
  }

  close(): void {
    this.#isClosed = true;
    void this.#pool.end();
  }

  /** Every statement may be sent again: none adds to what is there. */
  async #ask(text: string, values: readonly Value[]): ReturnType<Ask> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#pool.query<{ bytes?: unknown }>(text, [...values])).rows;
      } catch (error) {
        if (attempt === ATTEMPTS || this.#isClosed) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
}

class StudyWeights implements WeightsExchange {
  readonly #ask: Ask;
  readonly #table: string;
  readonly #jobs: string;
  readonly #study: string;

  constructor(ask: Ask, schema: string, study: string) {
    this.#ask = ask;
    this.#table = tableOf(schema);
    this.#jobs = `"${schema}".job`;
    this.#study = study;
  }

  put(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    return this.#add(job, "", encodePieces(name, tensors));
  }

  putAnswer(job: string, name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    // The job's row is held till the weights are there: who removes it, and then them, waits for that.
    const isThere = `FROM ${this.#jobs} WHERE queue = '${QUEUE}' AND id = $1 FOR KEY SHARE`;
    return this.#add(job, isThere, encodePieces(name, tensors));
  }

  async get(_job: string, { place, sha256 }: WeightsRef): Promise<readonly NamedTensor[]> {
    const read = `SELECT bytes FROM ${this.#table} WHERE place = $1 ORDER BY piece`;
    const rows = await this.#ask(read, [place]);
    const pieces = rows.flatMap(({ bytes }) => (Buffer.isBuffer(bytes) ? [bytes] : []));
    return await decodePieces(pieces, { place, sha256 });
  }

  async clear(job: string): Promise<void> {
    const name = nameInQueue(this.#study, job);
    await this.#ask(`DELETE FROM ${this.#table} WHERE job = $1`, [name]);
  }

  /** `condition`: the end of a selection that has one row, or none where nothing is to be kept. */
  async #add(
    job: string,
    condition: string,
    { place, sha256, pieces }: ReturnType<typeof encodePieces>,
  ): Promise<WeightsRef> {
    const name = nameInQueue(this.#study, job);
    const add = `INSERT INTO ${this.#table} (job, place, piece, bytes) SELECT $1::text, $2::text, $3::integer, $4::bytea ${condition} ON CONFLICT DO NOTHING`;
    for (const [i, piece] of pieces.entries()) await this.#ask(add, [name, place, i, piece]);
    return { place, sha256 };
  }
}

function tableOf(schema: string): string {
  return `"${schema}".vitrine_weights`;
}

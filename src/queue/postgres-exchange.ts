// Weights on their way through PostgreSQL, for machines that share no folder: a safetensors file in pieces, in a table; what nobody
// took goes after a week.

import type { Pool } from "pg";
import type { NamedTensor } from "../io/safetensors.ts";
import type { ServerExchange } from "./queue-server.ts";
import type { WeightsRef } from "./trial-message.ts";
import { decodePieces, encodePieces } from "./weights-pieces.ts";

/** Attempts that a server has which is restarted, a second apart. */
const ATTEMPTS = 60;

export class PostgresExchange implements ServerExchange {
  readonly #pool: Pool;
  readonly #table: string;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#table = tableOf(schema);
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
      DELETE FROM ${table} WHERE since < now() - interval '7 days'`);
  }

  async put(name: string, tensors: readonly NamedTensor[]): Promise<WeightsRef> {
    const { place, sha256, pieces } = encodePieces(name, tensors);
    const add = `INSERT INTO ${this.#table} (place, piece, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
    for (const [i, piece] of pieces.entries()) await this.#ask(add, [place, i, piece]);
    return { place, sha256 };
  }

  async get({ place, sha256 }: WeightsRef): Promise<readonly NamedTensor[]> {
    const read = `SELECT bytes FROM ${this.#table} WHERE place = $1 ORDER BY piece`;
    const rows = await this.#ask(read, [place]);
    const pieces = rows.flatMap(({ bytes }) => (Buffer.isBuffer(bytes) ? [bytes] : []));
    return await decodePieces(pieces, { place, sha256 });
  }

  async remove({ place }: WeightsRef): Promise<void> {
    await this.#ask(`DELETE FROM ${this.#table} WHERE place = $1`, [place]);
  }

  close(): void {
    void this.#pool.end();
  }

  /** Every statement may be sent again: none adds to what is there. */
  async #ask(
    text: string,
    values: readonly (string | number | Buffer)[],
  ): Promise<readonly { readonly bytes?: unknown }[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#pool.query<{ bytes?: unknown }>(text, [...values])).rows;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
}

function tableOf(schema: string): string {
  return `"${schema}".vitrine_weights`;
}

// What an answer over HTTP brings, piece by piece as it comes, and no more of it than is wanted.

export interface PieceLimit {
  /** Bytes that are there already; default 0. */
  readonly before?: number;
  /** Bytes in all. */
  readonly most: number;
  /** Throws; `bytes` is what it would be with the piece at hand, which is not handed out. */
  readonly refuse: (bytes: number) => Promise<never> | never;
}

/** The rest of the answer is cancelled where whoever takes the pieces, or `refuse`, throws. */
export async function* boundedPieces(
  { body }: Response,
  { before = 0, most, refuse }: PieceLimit,
): AsyncGenerator<Uint8Array> {
  let size = before;
  const pieces = body as unknown as AsyncIterable<Uint8Array> | null;
  for await (const piece of pieces ?? []) {
    size += piece.length;
    if (size > most) await refuse(size);
    yield piece;
  }
}

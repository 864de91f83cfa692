// RandomState against NumPy and Python, number for number.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pythonRandom, RandomState } from "../../src/data/random-state.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { jsonFixture, rejects, rowsSha256 } from "./sample-files.ts";

interface Draws {
  u32: number[];
  u32From624: number[];
  arraySeedU32: number[];
  twoWordSeedU32: number[];
  random: number[];
  python: number[];
  permutation20: number[];
  permutation60000: { sha256: string };
  shuffle10: number[];
  chainedPermutations5And3And6: number[][];
  choice5Of20: number[];
  choice2Of3579: number[];
  randint0To10: number[];
  randint0To2Pow32: number[];
  standardNormal: number[];
  uniformAfterNormals: number[];
}

const golden = jsonFixture<{ seeds: Record<string, Draws>; python: Record<string, number[]> }>(
  "random-state.json",
);
const test = suite("random-state");
const times = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);

for (const [text, want] of Object.entries(golden.seeds)) {
  const seed = Number(text);
  const fresh = () => new RandomState(seed);

  test(`seed ${seed}: raw words, doubles, Python's doubles`, () => {
    const random = fresh();
    const words = times(628, () => random.u32());
    assert.equal(words.slice(0, 10), want.u32);
    assert.equal(words.slice(624), want.u32From624);
    const byArray = new RandomState([seed]);
    assert.equal(
      times(3, () => byArray.u32()),
      want.arraySeedU32,
    );
    const byTwo = new RandomState([seed, 7]);
    assert.equal(
      times(3, () => byTwo.u32()),
      want.twoWordSeedU32,
    );
    const doubles = fresh();
    assert.equal(
      times(5, () => doubles.random()),
      want.random,
    );
    const python = pythonRandom(seed);
    assert.equal(
      times(3, () => python.random()),
      want.python,
    );
  });

  test(`seed ${seed}: permutations, choices, ranges and normals`, () => {
    assert.equal([...fresh().permutation(20)], want.permutation20);
    assert.is(rowsSha256(fresh().permutation(60000)), want.permutation60000.sha256);
    const items = times(10, () => 0).map((_, i) => i);
    fresh().shuffle(items);
    assert.equal(items, want.shuffle10);
    const chain = fresh();
    const chained = [5, 3, 6].map((n) => [...chain.permutation(n)]);
    assert.equal(chained, want.chainedPermutations5And3And6);
    assert.equal([...fresh().choice(20, 5)], want.choice5Of20);
    assert.equal([...fresh().choice([3, 5, 7, 9], 2)], want.choice2Of3579);
    const small = fresh();
    assert.equal(
      times(10, () => small.randint(0, 10)),
      want.randint0To10,
    );
    const wide = fresh();
    assert.equal(
      times(3, () => wide.randint(0, 2 ** 32)),
      want.randint0To2Pow32,
    );
    const normals = fresh();
    assert.equal(
      times(5, () => normals.standardNormal()),
      want.standardNormal,
    );
    // The kept second normal must not be spent by other draws.
    assert.equal(
      times(3, () => normals.uniform(-1, 1)),
      want.uniformAfterNormals,
    );
  });
}

test("Python seeds beyond 32 bits, and negative", () => {
  for (const [seed, want] of Object.entries(golden.python)) {
    assert.equal([pythonRandom(Number(seed)).random()], want);
  }
});

test("what makes no sense is refused", async () => {
  await rejects(
    () => new RandomState(-1),
    UsageError,
    "seed: must be whole numbers from 0 to 4294967295, got -1",
  );
  await rejects(
    () => new RandomState(1.5),
    UsageError,
    "seed: must be whole numbers from 0 to 4294967295, got 1.5",
  );
  await rejects(() => pythonRandom(0.5), UsageError, "seed: must be a whole number, got 0.5");
  await rejects(
    () => new RandomState(1).choice(3, 4),
    UsageError,
    "choice: cannot take more items than there are, got 4 of 3",
  );
  await rejects(
    () => new RandomState(1).randint(3, 3),
    UsageError,
    "randint: needs low < high, got 3 and 3",
  );
});

test.run();

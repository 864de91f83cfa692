// The whole study on few rows: what it reports, that it goes on after interruptions with the same figures, and what it
// refuses.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readHyperparameters } from "../../src/cli/inputs/hyperparameters.ts";
import { takeRows } from "../../src/data/dataset.ts";
import { loadRun } from "../../src/runs/run-folder.ts";
import { studySettings } from "../../src/study/plan.ts";
import { StepStore } from "../../src/study/step-store.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { refusalOf } from "../io/folder.ts";
import { findChromium, openPage, overflowOf } from "../page/chromium.ts";
import { writeBackboneFile } from "../support/backbone-file.ts";
import { DATA, figuresOf, TINY, tinyStudy } from "./tiny-study.ts";
import { readMarkup } from "./xml.ts";

const test = suite("study");
const folder = join(temporaryFolder(), "whole");
const whole = await tinyStudy(folder);

test("its figures agree with each other", () => {
  const { data, split, tuner, training, evaluation, folds } = whole.record;
  assert.equal(data.kept, { train: 400, test: 120 });
  assert.is(split.trainRows + split.heldOutRows, 360);
  assert.is(split.heldOutRows, 36);
  const best = tuner.trials[tuner.best - 1];
  assert.is(best?.score, Math.max(...tuner.trials.map(({ score }) => score ?? 0)));
  // The weights on disk score what training saw.
  assert.is(evaluation.checkpoint.heldOut.accuracy, best?.score);
  const kept = training.history[training.bestEpoch - 1];
  assert.is(evaluation.model.heldOut.loss, kept?.["val_loss"]);
  const hits = evaluation.confusion.reduce((sum, counts, i) => sum + (counts[i] ?? 0), 0);
  assert.is(hits / 120, evaluation.model.test.accuracy);
  assert.equal(
    folds.folds.map((fold) => [
      fold.trainRows,
      fold.heldOut.rows,
      fold.test.rows,
      fold.leaked.rows,
    ]),
    Array(3).fill([216, 108, 120, 360]),
  );
});

test("the report is one well-formed page that needs nothing else", () => {
  const page = readFileSync(whole.report.html, "utf8");
  const tags = readMarkup(page);
  const names = new Set(tags.map(({ name }) => name));
  for (const foreign of ["script", "iframe", "object"]) assert.not(names.has(foreign));
  const links = tags.filter(({ name }) => name === "link");
  // An empty icon, so that no browser asks for one.
  assert.equal(
    links.map(({ attributes }) => attributes["href"]),
    ["data:,"],
  );
  for (const { name, attributes } of tags) {
    for (const [key, value] of Object.entries(attributes)) {
      if (value.startsWith("data:image/png;base64,") || key === "aria-label") continue;
      assert.not.match(value, /\/\//, `${name} ${key}`);
    }
    if (name === "a") assert.match(attributes["href"] ?? "", /^#/);
  }
  assert.not.match(page, /@import|url\((?!#)/);
  const ids = tags.flatMap(({ attributes }) => attributes["id"] ?? []);
  assert.is(new Set(ids).size, ids.length, "every id is unique");
  const anchors = tags.filter(({ name }) => name === "a").map((tag) => tag.attributes["href"]);
  for (const anchor of anchors) assert.ok(ids.includes(anchor?.slice(1) ?? ""), anchor);
  // Eight pictures, each for a wide page and for a narrow one.
  assert.is(tags.filter(({ name }) => name === "svg").length, 16);
  assert.ok(tags.some(({ attributes }) => attributes["name"] === "viewport"));
  const readable = page.replaceAll(/data:image\/png;base64,[\w+/=]+/g, "");
  assert.not.match(readable, /NaN|undefined|Infinity|\[object/);
});

test("page and Markdown show the three figures of every model, and what the study printed", () => {
  const { model, checkpoint } = whole.record.evaluation;
  const texts = [whole.report.html, whole.report.markdown].map((file) =>
    readFileSync(file, "utf8"),
  );
  for (const text of texts) {
    for (const { heldOut, test: onTest, leaked } of [model, checkpoint]) {
      for (const { accuracy } of [heldOut, onTest, leaked]) {
        assert.ok(text.includes(`${(100 * accuracy).toFixed(2)}\u00a0%`));
      }
    }
    for (const printed of ["89.54", "94.37 ± 0.26", "88.96", "90.76", "80.42", "87.39"]) {
      assert.ok(text.includes(`${printed}\u00a0%`), printed);
    }
    assert.match(text, /skipped in this run/);
    assert.match(text, /0\.60 × .* \+ 0\.40 × /);
  }
  const [, markdown = ""] = texts;
  const pictures = [...markdown.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1] ?? "");
  assert.is(pictures.length, 8);
  for (const picture of pictures) assert.ok(existsSync(join(folder, picture)), picture);
  assert.ok(markdown.includes("made for a test in &lt;memory> & nowhere else"));
});

const chromium = findChromium();
const looked = chromium ? test : test.skip;

looked(
  "on a phone as on a desk every picture fits, and the 94.37 % of the study is in sight",
  async () => {
    for (const [width, layout] of [
      [390, "narrow"],
      [1280, "wide"],
    ] as const) {
      const opened = await openPage(chromium ?? "", resolve(whole.report.html), { width });
      const { page, errors, requests } = opened;
      assert.is(await overflowOf(page), 0, layout);
      const pictures: { layout: string; hidden: number; right: number; label: string }[] =
        await page.evaluate(`[...document.querySelectorAll(".picture")]
        .filter((picture) => getComputedStyle(picture).display !== "none")
        .map((picture) => ({
          layout: picture.classList.contains("narrow") ? "narrow" : "wide",
          hidden: picture.scrollWidth - picture.clientWidth,
          right: Math.max(...[...picture.querySelectorAll("svg *")].map((part) => part.getBoundingClientRect().right)),
          label: picture.getAttribute("aria-label"),
        }))`);
      assert.is(pictures.length, 8);
      for (const picture of pictures) {
        assert.is(picture.layout, layout, picture.label);
        assert.is(picture.hidden, 0, picture.label);
        assert.ok(picture.right <= width, `${picture.label}: ${picture.right}`);
      }
      assert.equal([errors, requests], [[], []]);
      await opened.close();
    }
  },
);

test("trials, folds and the training are runs; the report's numbers are the folders'", async () => {
  const { tuner, folds } = whole.record;
  for (const { number, score } of tuner.trials) {
    const { config } = await loadRun(join(folder, "03-tuner", `trial_${number}`));
    assert.equal(config.origin, { kind: "trial", trial: number, tuner: "random" });
    const metrics = join(folder, "03-tuner", `trial_${number}`, "metrics.json");
    assert.is(JSON.parse(readFileSync(metrics, "utf8")).valAccuracy, score);
  }
  const best = JSON.parse(readFileSync(join(folder, "03-tuner", "best.json"), "utf8"));
  assert.is(best.trialId, String(tuner.best));
  for (const { fold } of folds.folds) {
    const { config } = await loadRun(join(folder, "06-folds", `fold-${fold}`));
    assert.equal(config.origin, { kind: "fold", fold, folds: 3 });
  }
  const { training } = await readHyperparameters(join(folder, "03-tuner"));
  assert.equal(
    (await loadRun(join(folder, "04-training"))).config.training["batchSize"],
    training.batchSize,
  );
});

test("a study of an earlier version, without the curves of its folds, gets them with its report", async () => {
  const curves = join(folder, "06-folds", "curves.svg");
  const before = readFileSync(curves, "utf8");
  rmSync(curves);
  await tinyStudy(folder);
  assert.is(readFileSync(curves, "utf8"), before);
});

test("interrupted in every step, it goes on and ends with the same figures", async () => {
  const out = join(temporaryFolder(), "interrupted");
  const moments = [
    /^begin split/,
    /Running Trial #1/,
    /^Trial 1 Complete/,
    /^begin training/,
    /^epoch 2 ends/,
    /^begin evaluation/,
    /^fold 1: /,
    /^begin transfer/,
  ];
  for (const moment of moments) {
    const controller = new AbortController();
    let met = false;
    const listener = (what: string): void => {
      if (!moment.test(what)) return;
      met = true;
      controller.abort();
    };
    const { signal } = controller;
    assert.match(await refusalOf(tinyStudy(out, { signal, listener })), /abort/, `${moment}`);
    assert.ok(met, `${moment}`);
  }
  const heard: string[] = [];
  const ended = await tinyStudy(out, { listener: (what) => heard.push(what) });
  assert.equal(figuresOf(ended), { ...figuresOf(whole), commands: ended.record.commands });
  assert.is(heard.filter((what) => what.startsWith("kept")).length, 6);
  assert.is(
    heard.some((what) => what.startsWith("epoch")),
    false,
    "nothing is trained twice",
  );
  const halves = readdirSync(out, { recursive: true }).filter((name) =>
    String(name).endsWith(".tmp"),
  );
  assert.equal(halves, []);
});

test("in a folder that cannot be written it is shown when it is finished, and touched in no case", async () => {
  const state = (path: string): readonly string[] =>
    readdirSync(path, { recursive: true })
      .map((name) => `${name} ${statSync(join(path, String(name))).mtimeMs}`)
      .sort();
  const before = state(folder);
  const shown = await tinyStudy(folder, { isReadOnly: true });
  assert.equal(figuresOf(shown), figuresOf(whole));
  assert.equal(shown.report, whole.report);
  assert.equal(state(folder), before);
  const half = join(temporaryFolder(), "half");
  cpSync(folder, half, { recursive: true });
  rmSync(join(half, "06-folds"), { recursive: true });
  const message = await refusalOf(tinyStudy(half, { isReadOnly: true }));
  assert.match(message, /^out: must be a folder that can be written, since 06-folds is not done/);
  assert.is(existsSync(join(half, "06-folds")), false);
});

test("a step whose folder was removed is done again, alike", async () => {
  rmSync(join(folder, "05-evaluation"), { recursive: true });
  assert.equal(figuresOf(await tinyStudy(folder)), figuresOf(whole));
});

test("other settings, other versions and other folders are refused and left alone", async () => {
  const before = readFileSync(join(folder, "record.json"), "utf8");
  const other = tinyStudy(folder, { settings: { ...TINY, seed: 7 } });
  assert.match(await refusalOf(other), /^out: .*study of other settings, got seed 42 .* and 7 now/);
  const stranger = temporaryFolder();
  writeFileSync(join(stranger, "thesis.txt"), "mine");
  for (const overwrite of [false, true]) {
    assert.match(
      await refusalOf(tinyStudy(stranger, { overwrite })),
      /^out: the folder must be new/,
    );
  }
  assert.equal(readdirSync(stranger), ["thesis.txt"]);
  const newer = temporaryFolder();
  writeFileSync(join(newer, "study.json"), JSON.stringify({ format: 99 }));
  assert.match(await refusalOf(tinyStudy(newer)), /study\.json: was written by a newer Vitrine/);
  assert.is(readFileSync(join(folder, "record.json"), "utf8"), before);
});

test("a damaged step is named, with what to do", async () => {
  const file = join(folder, "02-split", "step.json");
  const sound = readFileSync(file, "utf8");
  for (const text of [
    "{",
    "[]",
    "{}",
    sound.replace('"seed": 42', '"seed": 43'),
    sound.replace(/"heldOutRows": \d+/, '"heldOutRows": 1e400'),
  ]) {
    writeFileSync(file, text);
    assert.match(await refusalOf(tinyStudy(folder)), /02-split.step\.json: (\S+ )?must /, text);
  }
  writeFileSync(file, sound);
});

test("data that is too small is refused", () => {
  const tiny = { ...DATA, train: takeRows(DATA.train, [0, 1, 2]) };
  const refused = () => studySettings({ quick: true, seed: 1 }, tiny);
  assert.throws(refused, /^--data: a study needs at least 300 training rows .* got 3 and 120$/);
  const { rows, data } = studySettings({ quick: true, seed: 1 }, DATA);
  assert.is(rows, 400);
  assert.not.equal(
    data,
    studySettings({ quick: true, seed: 1 }, { ...DATA, test: DATA.train }).data,
  );
});

test("--overwrite deletes the study and nothing else", async () => {
  const out = temporaryFolder();
  mkdirSync(join(out, "04-training"));
  const entries = ["04-training", "notes.txt", "report.html", "study.json"];
  for (const name of ["study.json", "report.html", "04-training/weights", "notes.txt"]) {
    writeFileSync(join(out, name), "{");
  }
  assert.match(await refusalOf(StepStore.open(out, TINY, true)), /got notes\.txt in/);
  assert.equal(readdirSync(out), entries);
  rmSync(join(out, "notes.txt"));
  const store = await StepStore.open(out, TINY, true);
  assert.equal(readdirSync(out), [".lock", "study.json"]);
  assert.is(await store.finished("04-training", "04-training"), null);
});

test("a transfer model whose weights arrive later is added, and all else is kept", async () => {
  const vgg19 = join(temporaryFolder(), "vgg19.h5");
  await writeBackboneFile(vgg19, "vgg19");
  const heard: string[] = [];
  const { record, report } = await tinyStudy(folder, {
    vgg19,
    listener: (what) => heard.push(what),
  });
  assert.is(heard.filter((what) => what.startsWith("kept")).length, 6);
  const [resnet, vgg] = record.transfer;
  assert.is(resnet?.figures, null);
  assert.match(resnet?.enable ?? "", /Fetch those of resnet152v2/);
  assert.is(vgg?.reason, "");
  const { heldOut, test: onTest, leaked } = vgg?.figures ?? {};
  assert.equal([heldOut?.rows, onTest?.rows, leaked?.rows], [36, 120, 360]);
  assert.is(vgg?.training?.parameters, 20_024_384 + (512 + 1) * 256 + (256 + 1) * 10);
  const accuracy = `${(100 * (onTest?.accuracy ?? Number.NaN)).toFixed(2)}\u00a0%`;
  assert.ok(readFileSync(report.html, "utf8").includes(accuracy));
  assert.ok(existsSync(join(folder, "07-transfer", "vgg19", "weights.safetensors")));
  // The file may go: what was made of it stays.
  const again = await tinyStudy(folder);
  assert.equal(again.record.transfer, record.transfer);
});

test.run();

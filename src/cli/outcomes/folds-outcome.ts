// What `kfold` says of folds that there are: when it goes on, and at the end.

import { drawFolds } from "../../report/charts/saved-charts.ts";
import {
  type DivergedFold,
  type KfoldSettings,
  type SavedFold,
  saveKfoldResults,
  summarise,
} from "../../runs/kfold-folder.ts";
import { foldLine, foldTable } from "../display/kfold-display.ts";
import type { CommandContext } from "../frame/command.ts";

type FoldsContext = Pick<
  CommandContext<Record<string, never>, readonly []>,
  "say" | "json" | "style" | "finish" | "setExitCode" | "signal"
>;

export interface FoldsWork {
  readonly settings: KfoldSettings;
  readonly out: string;
  /** Its name, or whose they are. */
  readonly adapter: string;
}

export function sayResumed(
  { say }: FoldsContext,
  { adapter, out }: FoldsWork,
  saved: ReadonlyMap<number, SavedFold>,
): void {
  if (saved.size === 0) return;
  const folds = [...saved.keys()].map((fold) => fold + 1).join(", ");
  const finished = saved.size === 1 ? `fold ${folds} is` : `folds ${folds} are`;
  say(`resuming   ${out}, where ${finished} finished`);
  for (const fold of saved.values()) say(foldLine(fold));
  const other = [...saved.values()].find((fold) => fold.adapter !== adapter);
  if (other)
    say(`note       fold ${other.fold + 1} was trained on another adapter, ${other.adapter}`);
}

interface FoldsOutcome {
  readonly folds: readonly SavedFold[];
  readonly diverged: readonly DivergedFold[];
  /** `2/4`, of folds that are another process's as well; null where all are this one's. */
  readonly shard: string | null | undefined;
}

export async function conclude(
  context: FoldsContext,
  { settings, out, adapter }: FoldsWork,
  { folds, diverged, shard }: FoldsOutcome,
): Promise<void> {
  const { say, json, style } = context;
  say();
  if (folds.length + diverged.length < settings.folds) {
    const isShard = shard !== null && shard !== undefined && !context.signal.aborted;
    const how = isShard ? `shard ${shard} is over` : "interrupted";
    say(`${how}: ${folds.length} of ${settings.folds} folds are finished`);
    if (isShard)
      say(`to put shards together: the same command without --shard, with --merge ${out}`);
    else say(`to go on, repeat the command with --out ${out}`);
    for (const { fold, reason } of diverged) say(`fold ${fold} failed: ${reason}`);
    if (diverged.length > 0) context.setExitCode(2);
    json({ out, finished: folds.length, folds: settings.folds });
    return;
  }
  await context.finish(async () => {
    await saveKfoldResults(out, settings, folds, diverged);
    if (folds.length > 0) await drawFolds(out, folds);
  });
  for (const { fold, reason } of diverged) say(`fold ${fold} failed: ${reason}`);
  if (diverged.length > 0) context.setExitCode(2);
  if (folds.length === 0) {
    json({
      model: settings.model.name,
      out,
      adapter,
      summary: null,
      failed: diverged,
    });
    return;
  }
  const [header = "", ...lines] = foldTable(folds);
  say(style.bold(header));
  for (const line of lines) say(line);
  say();
  say("± is the standard deviation of a sample (n - 1). The held-out rows also chose the epoch.");
  if (settings.leaked) {
    say("leaked is scored on all training rows, most of which the fold was trained on.");
  }
  say(`saved in   ${out}`);
  const summary = summarise(folds);
  const failed = diverged.length > 0 ? { failed: diverged } : {};
  json({ model: settings.model.name, out, adapter, summary, folds, ...failed });
}

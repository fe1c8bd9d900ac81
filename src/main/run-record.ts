/** Which control-plane process runs for this installation: `<run>/control-plane.json`, believed only while that very process lives. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { OnveraPaths } from "../local/paths.ts";
import { processIdentity } from "../local/process-identity.ts";

const RunRecord = z.object({
  pid: z.number().int(),
  /** Tells this process from a later one with the same pid. */
  identity: z.string(),
  apiUrl: z.string(),
  version: z.string(),
  startedAt: z.string(),
});
export type RunRecord = z.infer<typeof RunRecord>;

const recordFile = (paths: OnveraPaths): string => path.join(paths.run, "control-plane.json");

/** Says that this process is the control plane now. */
export async function writeRunRecord(paths: OnveraPaths, facts: { apiUrl: string; version: string }): Promise<void> {
  const record: RunRecord = {
    pid: process.pid,
    identity: (await processIdentity(process.pid)) ?? "unknown",
    startedAt: new Date().toISOString(),
    ...facts,
  };
  const draft = `${recordFile(paths)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(draft, recordFile(paths));
}

/** The running control plane; undefined when none runs, whatever a left-over file says. */
export async function runningControlPlane(paths: OnveraPaths): Promise<RunRecord | undefined> {
  try {
    const record = RunRecord.parse(JSON.parse(await readFile(recordFile(paths), "utf8")));
    return (await processIdentity(record.pid)) === record.identity ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the record away when this process leaves; a later process's record stays. */
export async function removeRunRecord(paths: OnveraPaths): Promise<void> {
  const running = await runningControlPlane(paths);
  if (running === undefined || running.pid === process.pid) await rm(recordFile(paths), { force: true });
}

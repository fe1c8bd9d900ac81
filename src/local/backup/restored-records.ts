/**
 * What the supervisor remembers of deployments, made fit for another home: nothing of it starts before the control plane
 * has put it there anew. A process with the passwords and ports of before could reach the installation it was copied from.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { supervisorPaths } from "../supervisor/paths.ts";
import { firstUidOf, UID_COUNT } from "../supervisor/uid-leases.ts";

const Stored = z.looseObject({ deploymentId: z.string(), uid: z.number().int(), gid: z.number().int() });
const Uids = z.looseObject({ next: z.number().int() });

/** Gives user ids of the range that belongs to one home their place in the range of another; all others stay. */
export function movedUid(before: string, after: string): (id: number) => number {
  const [first, next] = [firstUidOf(before), firstUidOf(after)];
  return (id) => (id >= first && id < first + UID_COUNT ? id - first + next : id);
}

/**
 * Changes the records below a restored home.
 * @param draft where they stand now
 * @param homes where the installation was, and where it will be
 */
export async function adaptRecords(draft: string, homes: { before: string; after: string }): Promise<void> {
  const { deployments, uids } = supervisorPaths(draft);
  const { apps } = supervisorPaths(homes.after);
  const moved = movedUid(homes.before, homes.after);
  for (const name of await readdir(deployments).catch(() => [])) {
    if (!name.endsWith(".json")) continue;
    const record = Stored.parse(JSON.parse(await readFile(path.join(deployments, name), "utf8")));
    await rewrite(path.join(deployments, name), {
      ...record,
      uid: moved(record.uid),
      gid: moved(record.gid),
      home: path.join(apps, record.deploymentId),
      ...{ ports: {}, package: null, secretsDigest: "", filesDigest: "", processes: {} },
    });
  }
  const taken = await readFile(uids, "utf8").catch(() => undefined);
  if (taken !== undefined) await rewrite(uids, { next: moved(Uids.parse(JSON.parse(taken)).next) });
}

const rewrite = (file: string, value: unknown): Promise<void> =>
  writeFile(file, `${JSON.stringify(value)}\n`, { flush: true });

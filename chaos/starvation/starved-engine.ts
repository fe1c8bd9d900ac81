/** What an engine and its database are starved of: memory, room in the scratch folder, room on the database's disk. */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Operation } from "../../src/store/tables/operations.ts";
import { type ControlPlane, startControlPlane } from "../../test/support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../../test/support/postgres.ts";
import { until } from "../../test/support/until.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
import type { StarvedCase } from "./starved-server.ts";

export interface StarvedEngine {
  cases: readonly StarvedCase[];
  /** Resolves when a deployment has been made. @throws Error when it ended in another way */
  deploy(): Promise<void>;
  stop(): Promise<void>;
}

/** Enough for the CLI to start, too little for it to work; address space, because a resident limit is not kept. */
const CLI_KILOBYTES = 400_000;
const DATABASE_MEGABYTES = 220;
const SCRATCH_MEGABYTES = 2;
const LEFT_BYTES = 3 * 1024 * 1024;
/** Of each specification that is to fill the rest; random, so that nothing makes it smaller. */
const PADDING_BYTES = 12_000;
const PADDINGS = 8;
const MOST_ASKED = 40;
const ENDED_SECONDS = 120;
const ACCEPTED_MILLISECONDS = 30_000;
const AGAIN_MILLISECONDS = 200;
const RECOVERED_SECONDS = 30;

/** Starts a control plane of its own, on small disks where root may mount them. */
export async function startStarvedEngine(): Promise<StarvedEngine> {
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (let next = undo.pop(); next !== undefined; next = undo.pop()) await next();
  };
  try {
    return { ...(await startParts(undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param undo gets how each part is taken down again, in the order in which they were put up */
async function startParts(undo: (() => unknown)[]): Promise<Omit<StarvedEngine, "stop">> {
  const isRoot = process.getuid?.() === 0;
  const base = mkdtempSync(path.join(tmpdir(), "onvera-starved-"));
  chmodSync(base, 0o711);
  undo.push(() => rmSync(base, { recursive: true, force: true }));
  const mount = async (folder: string, megabytes: number) => {
    if (!isRoot) return undefined;
    const disk = await mountSmallDisk(folder, megabytes);
    undo.push(() => disk.remove());
    return disk;
  };
  const limits = path.join(base, "limits");
  const databaseDisk = await mount(path.join(base, "database"), DATABASE_MEGABYTES);
  const server = await startScratchPostgres({
    durable: true,
    ...(databaseDisk === undefined ? {} : { parent: databaseDisk.folder }),
  });
  undo.push(() => server.stop());
  const plane = await startControlPlane(server, { makeCli: (folder, real) => limitedCli(folder, real, limits) });
  undo.push(() => plane.stop());
  const scratchDisk = await mount(path.join(plane.folder, "scratch"), SCRATCH_MEGABYTES);
  await plane.startWorker({ slots: 2 });
  const parts: Parts = { plane, server, limits };
  const cases = [
    { name: "a CLI that may have 400 MB of address space", starve: () => limitedEngine(parts, `-v ${CLI_KILOBYTES}`) },
    scratchDisk === undefined
      ? {
          name: "a CLI that may write no file (no root: no disk of its own)",
          starve: () => limitedEngine(parts, "-f 0"),
        }
      : { name: "a full scratch disk", starve: () => fullScratch(parts, scratchDisk) },
  ];
  if (databaseDisk !== undefined) {
    cases.push({ name: "a full disk under the database", starve: () => fullDatabase(parts, databaseDisk) });
  }
  return { cases, deploy: () => deployWell(parts) };
}

interface Parts {
  plane: ControlPlane;
  server: ScratchPostgres;
  /** While this file is there, CLIs start under its limits. */
  limits: string;
}

function limitedCli(folder: string, realCli: string, limits: string): string {
  const wrapper = path.join(folder, "pulumi-limited");
  const script = `#!/bin/sh\n[ -e '${limits}' ] && ulimit $(cat '${limits}')\nexec '${realCli}' "$@"\n`;
  writeFileSync(wrapper, script, { mode: 0o755 });
  return wrapper;
}

async function deployWell({ plane }: Parts): Promise<void> {
  const operation = await accepted(plane);
  const { status, error } = await plane.ended(operation.id, ENDED_SECONDS);
  if (status !== "succeeded") throw new Error(`A deployment ended as ${status}: ${error?.code}`);
}

/** Asked for again while the database recovers. */
async function accepted(plane: ControlPlane): Promise<Operation> {
  for (const since = performance.now(); ; await wait(AGAIN_MILLISECONDS)) {
    try {
      return (await plane.deploy({ version: "database" })).operation;
    } catch (error) {
      if (performance.now() - since > ACCEPTED_MILLISECONDS) throw error;
    }
  }
}

/** What was accepted while starved ends, and says why it failed. */
async function deployStarved({ plane }: Parts): Promise<{ faults: string[]; measured: string }> {
  const since = performance.now();
  const { operation } = await plane.deploy({ version: "database" });
  const { status, error } = await plane.ended(operation.id, ENDED_SECONDS);
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  const faults = status === "failed" && error?.code !== undefined ? [] : [`the starved deployment ended as ${status}`];
  return { faults, measured: `failed as ${error?.code} after ${seconds} s` };
}

async function limitedEngine(parts: Parts, limits: string) {
  writeFileSync(parts.limits, limits);
  try {
    return await deployStarved(parts);
  } finally {
    if (existsSync(parts.limits)) rmSync(parts.limits);
  }
}

async function fullScratch(parts: Parts, disk: SmallDisk) {
  disk.fill(0);
  try {
    const found = await deployStarved(parts);
    if (!found.measured.includes("DISK_FULL")) found.faults.push("it does not say that the disk is full");
    return found;
  } finally {
    disk.empty();
  }
}

/** Accepted or refused: what was accepted is there afterwards. A server that gave up is started again, as the product does. */
async function fullDatabase(parts: Parts, disk: SmallDisk) {
  const { plane, server } = parts;
  const taken: string[] = [];
  let refused = 0;
  disk.fill(LEFT_BYTES);
  try {
    for (let asked = 0; asked < MOST_ASKED && refused < 3; asked += 1) {
      const padding = Array.from({ length: PADDINGS }, (_, index) => [
        `P${index}`,
        randomBytes(PADDING_BYTES).toString("base64"),
      ]);
      const spec = { version: "items", bench_resources: 1, environment_variables: Object.fromEntries(padding) };
      await plane.deploy(spec).then(
        ({ operation }) => taken.push(operation.id),
        () => {
          refused += 1;
        },
      );
    }
  } finally {
    disk.empty();
  }
  await server.revive();
  const answers = () =>
    plane.store.pool.query("SELECT 1").then(
      () => true,
      () => false,
    );
  await until(answers, "the database answers", RECOVERED_SECONDS);
  const faults = refused > 0 ? [] : ["nothing was refused: the disk was not full"];
  for (const id of taken) {
    const ended = await plane.ended(id, ENDED_SECONDS).catch(() => undefined);
    if (ended === undefined) faults.push(`${id} was accepted and has not ended`);
  }
  return { faults, measured: `${taken.length} accepted, ${refused} refused` };
}

/**
 * Everything that runs, on record: written before a process starts and after, removed when its output is taken in. With
 * these and the marks in the processes' environments the next supervisor finds each of them again, whenever this one ends.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync, rmSync } from "node:fs";
import path from "node:path";
import { childEnvironment, markFor } from "./child-environment.ts";
import { RunRecord } from "./deployment-record.ts";
import { type DeploymentFolders, makeTemporaryFolder, type Owner } from "./folders.ts";
import { launch } from "./launch.ts";
import type { LogCollector } from "./log-collector.ts";
import { carriesMark, identifyProcess, isRunning, type ProcessIdentity, readProcesses } from "./process-table.ts";
import { RunningProcess } from "./running-process.ts";
import { readJsonFile, writeJsonFile } from "./state-file.ts";

export interface StartRequest {
  deploymentId: string;
  name: string;
  replica: number;
  kind: RunRecord["kind"];
  fingerprint: string;
  restarts: number;
  command: string[];
  variables: Record<string, string>;
  packageFolder: string | null;
  folders: DeploymentFolders;
  owner: Owner;
  stdin?: number;
}

export interface StartedRun {
  record: RunRecord;
  process: RunningProcess;
}

export class Runs {
  readonly #folder: string;
  readonly #logs: LogCollector;

  constructor(folder: string, logs: LogCollector) {
    this.#folder = folder;
    this.#logs = logs;
  }

  /** Starts a process and puts it on record. @throws Error when the system refuses. */
  start(request: StartRequest): StartedRun {
    const { deploymentId, name, replica, kind, fingerprint, restarts } = request;
    const runId = `${Date.now().toString(36)}-${randomBytes(5).toString("hex")}`;
    const record: RunRecord = {
      ...{ runId, deploymentId, name, replica, kind, fingerprint, restarts },
      identity: null,
      startedAt: Date.now(),
      ready: false,
    };
    this.#save(record);
    const output = this.#logs.spoolFiles(record);
    const mark = markFor(record);
    let process: RunningProcess | undefined;
    try {
      const { child, identity } = launch({
        command: request.command,
        environment: this.environment(request, record),
        folder: request.folders.data,
        owner: request.owner,
        stdoutFile: output.stdout,
        stderrFile: output.stderr,
        ...(kind === "job" ? { exitCodeFile: output.exitCode } : {}),
        ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
      });
      process = new RunningProcess(identity, mark, child);
      const started = { ...record, identity };
      this.#save(started);
      this.#logs.begin(started);
      return { record: started, process };
    } catch (error) {
      // It runs, but could not be put on record (a full disk): nobody would ever find it again.
      process?.killAll();
      this.finish(record, request.folders);
      throw error;
    }
  }

  /** The environment a run gets; probes by command get the same. */
  environment(request: Omit<StartRequest, "command">, record: RunRecord): Record<string, string> {
    return childEnvironment({
      variables: request.variables,
      packageFolder: request.packageFolder,
      dataFolder: request.folders.data,
      temporaryFolder: makeTemporaryFolder(request.folders, record.runId, request.owner),
      userName: userName(request.deploymentId),
      mark: markFor(record),
    });
  }

  /** The process is gone: takes in its last output and forgets it. */
  finish(record: RunRecord, folders: DeploymentFolders): void {
    // A full disk keeps the output from its log. The record stays, and the next supervisor tries again.
    if (!this.#logs.finish(record)) return;
    rmSync(path.join(folders.temporary, record.runId), { recursive: true, force: true });
    rmSync(this.#file(record.runId), { force: true });
  }

  /** The run has answered its readiness probe for the first time. */
  noteReady(record: RunRecord): void {
    try {
      this.#save({ ...record, ready: true });
    } catch {
      // It only saves the next supervisor a moment; a full disk must not end this one.
    }
  }

  /** All runs an earlier supervisor left on record. A damaged record cannot be trusted and is dropped. */
  list(): RunRecord[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder).filter((name) => name.endsWith(".json"));
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      try {
        return [RunRecord.parse(readJsonFile(path.join(this.#folder, name)))];
      } catch {
        return [];
      }
    });
  }

  /** Takes over a run if it still runs; undefined when it has ended. */
  adopt(record: RunRecord): StartedRun | undefined {
    const mark = markFor(record);
    const identity = record.identity === null ? findByMark(mark) : this.#verified(record, record.identity, mark);
    if (identity === undefined) return undefined;
    const adopted = { ...record, identity };
    this.#save(adopted);
    this.#logs.begin(adopted);
    return { record: adopted, process: new RunningProcess(identity, mark) };
  }

  /** By pid and start time, and by the mark or the output file it holds: never by pid alone. */
  #verified(record: RunRecord, identity: ProcessIdentity, mark: string): ProcessIdentity | undefined {
    if (!isRunning(identity)) return undefined;
    const { stdout } = this.#logs.spoolFiles(record);
    return carriesMark(identity.pid, mark) || outputOf(identity.pid) === stdout ? identity : undefined;
  }

  #save(record: RunRecord): void {
    // A reboot ends every process, so these need not survive one.
    writeJsonFile(this.#file(record.runId), record);
  }

  #file(runId: string): string {
    return path.join(this.#folder, `${runId}.json`);
  }
}

/** A name for programs that insist on one; the uid need not be in the system's list of users. */
function userName(deploymentId: string): string {
  return `onvera-${deploymentId.replace(/^dep_/, "").slice(-12)}`.replace(/[^a-z0-9-]/g, "");
}

/** The killed supervisor had started it but not written down its pid. */
function findByMark(mark: string): ProcessIdentity | undefined {
  const leader = readProcesses().find((row) => !row.ended && row.session === row.pid && carriesMark(row.pid, mark));
  return leader === undefined ? undefined : identifyProcess(leader.pid);
}

function outputOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`);
  } catch {
    return undefined;
  }
}

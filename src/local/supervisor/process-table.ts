/** The machine's processes, read from /proc (from `ps` where there is none): who runs, since when, on whose behalf. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { ProcessRow } from "./process-row.ts";
import { readProcessesByPs, startTimeByPs } from "./process-table-ps.ts";

/** What tells a process from every other, also after its pid has been given to another. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
  bootId: string;
}

const hasProc = existsSync("/proc/self/stat");
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = hasProc ? pageBytes() : 4096;

/** The identity of a process that runs now; undefined when it has ended. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const row = hasProc ? readRow(pid) : startTimeByPs(pid);
  if (row === undefined || row.ended) return undefined;
  return { pid, startTime: row.startTime, bootId: bootId() };
}

/** The identity of a child of ours, also of one that has ended already: until we take note, its pid stays its own. */
export function identifyChild(pid: number): ProcessIdentity | undefined {
  const row = hasProc ? readRow(pid) : startTimeByPs(pid);
  return row === undefined ? undefined : { pid, startTime: row.startTime, bootId: bootId() };
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

/** Whether the process was started with this text in its environment; false as well when we may not look. */
export function carriesMark(pid: number, mark: string): boolean {
  try {
    if (!hasProc)
      return execFileSync("ps", ["-E", "-ww", "-o", "command=", "-p", String(pid)])
        .toString()
        .includes(mark);
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
  } catch {
    return false;
  }
}

/** A variable a process was started with; undefined when it has none, or when we may not look. */
export function environmentValue(pid: number, name: string): string | undefined {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  } catch {
    return undefined;
  }
}

/** All processes at this moment. */
export function readProcesses(): ProcessRow[] {
  if (!hasProc) return readProcessesByPs();
  const rows: ProcessRow[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const row = readRow(pid);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** The process itself, its session and all descendants, also those that made sessions of their own. */
export function processTree(rows: ProcessRow[], leader: number): ProcessRow[] {
  const members = new Set([leader]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const row of rows) {
      if (members.has(row.pid) || !(row.session === leader || members.has(row.parentPid))) continue;
      members.add(row.pid);
      grown = true;
    }
  }
  return rows.filter((row) => members.has(row.pid) && !row.ended);
}

/** Memory of one process with shared pages counted in parts; the plain resident size where that is not to be had. */
export function memoryBytes(row: ProcessRow): number {
  try {
    const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${row.pid}/smaps_rollup`, "latin1"));
    return match ? Number(match[1]) * 1024 : row.residentBytes;
  } catch {
    return row.residentBytes;
  }
}

/** The uid a process runs as; undefined when it is gone or the system does not say. */
export function processUid(pid: number): number | undefined {
  try {
    const match = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return match ? Number(match[1]) : undefined;
  } catch {
    return undefined;
  }
}

let knownBootId: string | undefined;

/** Changes with every start of the machine. */
function bootId(): string {
  knownBootId ??= hasProc ? readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim() : "unknown";
  return knownBootId;
}

function readRow(pid: number): ProcessRow | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name in brackets may hold blanks and brackets of its own, so fields count from the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): string => fields[number - 3] ?? "0";
  return {
    pid,
    parentPid: Number(field(4)),
    session: Number(field(6)),
    ended: field(3) === "Z" || field(3) === "X",
    cpuSeconds: (Number(field(14)) + Number(field(15)) + Number(field(16)) + Number(field(17))) / TICKS_PER_SECOND,
    residentBytes: Number(field(24)) * PAGE_BYTES,
    startTime: field(22),
  };
}

function pageBytes(): number {
  try {
    return Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" })) || 4096;
  } catch {
    return 4096;
  }
}

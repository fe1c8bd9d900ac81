/** The same table where there is no /proc (macOS): slower, so only what is needed is asked. */
import { execFileSync } from "node:child_process";
import type { ProcessRow } from "./process-row.ts";

/** One process by its start time; undefined when it is gone. */
export function startTimeByPs(pid: number): { startTime: string; ended: boolean } | undefined {
  const line = ps(["-o", "stat=,lstart=", "-p", String(pid)])[0];
  const match = /^\s*(\S+)\s+(.+?)\s*$/.exec(line ?? "");
  if (match === null) return undefined;
  return { startTime: match[2] ?? "", ended: (match[1] ?? "").startsWith("Z") };
}

/** All processes; the session is not to be had, so the process group stands for it. */
export function readProcessesByPs(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of ps(["-A", "-o", "pid=,ppid=,pgid=,stat=,rss=,time=,lstart="])) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (match === null) continue;
    rows.push({
      pid: Number(match[1]),
      parentPid: Number(match[2]),
      session: Number(match[3]),
      ended: (match[4] ?? "").startsWith("Z"),
      cpuSeconds: clockSeconds(match[6] ?? ""),
      residentBytes: Number(match[5]) * 1024,
      startTime: match[7] ?? "",
    });
  }
  return rows;
}

/** `[[days-]hours:]minutes:seconds` as ps writes it. */
function clockSeconds(text: string): number {
  const [days, clock] = text.includes("-") ? text.split("-") : ["0", text];
  const seconds = (clock ?? "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days) * 86_400 + seconds;
}

function ps(args: string[]): string[] {
  try {
    return execFileSync("ps", args, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } }).split("\n");
  } catch {
    return [];
  }
}

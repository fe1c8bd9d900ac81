/** `onvera doctor`: what this machine has and lacks, each lack with the line that mends it. Exit code 1 when something is wrong. */
import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { promisify } from "node:util";
import { resolvePaths } from "../local/paths.ts";
import { runningPostmaster } from "../local/postgres/postmaster.ts";
import { isReady } from "./background.ts";
import { runningControlPlane } from "./run-record.ts";
import type { Verb } from "./verb.ts";

const run = promisify(execFile);
const NEEDED_FREE_BYTES = 5 * 1024 ** 3;

interface Finding {
  name: string;
  state: "ok" | "note" | "problem";
  detail: string;
  fix?: string;
}

export const runDoctor: Verb = async (options, io) => {
  const paths = resolvePaths();
  const findings: Finding[] = [
    node(),
    await tool("Python", "python3", ["--version"], "Install Python 3.10 or newer: apt-get install python3"),
    await tool(
      "Go",
      "go",
      ["version"],
      "Only needed where the Pulumi CLI cannot be downloaded. Install it from https://go.dev",
      "note",
    ),
    await tool("git", "git", ["--version"], "Only needed for DAGs from git: apt-get install git", "note"),
    await disk(paths.home.startsWith("/") ? "/" : ".", paths.cache),
    isolation(paths.isRoot),
    await database(),
    await controlPlane(),
  ];
  if (options.output === "json") io.out(`${JSON.stringify(findings, null, 2)}\n`);
  else {
    const mark = { ok: "ok", note: "note", problem: "PROBLEM" };
    for (const { name, state, detail, fix } of findings) {
      io.out(`${mark[state].padEnd(9)}${name.padEnd(15)}${detail}\n`);
      if (fix) io.out(`${"".padEnd(24)}→ ${fix}\n`);
    }
    io.out(`\nData: ${paths.home}\nCache: ${paths.cache}\nLogs: ${paths.logs}, ${paths.postgres.logs}\n`);
  }
  return findings.some((finding) => finding.state === "problem") ? 1 : 0;
};

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return {
    name: "Node.js",
    state: fits ? "ok" : "problem",
    detail: process.version,
    ...(fits ? {} : { fix: "Install Node.js 20.19 or newer" }),
  };
}

async function tool(
  name: string,
  command: string,
  args: string[],
  fix: string,
  whenMissing: "note" | "problem" = "problem",
): Promise<Finding> {
  try {
    const { stdout } = await run(command, args, { timeout: 10_000 });
    return { name, state: "ok", detail: stdout.trim() };
  } catch {
    return { name, state: whenMissing, detail: "not found", fix };
  }
}

async function disk(...folders: string[]): Promise<Finding> {
  const free = await Promise.all(folders.map(freeBytes));
  const least = Math.min(...free.filter((bytes) => bytes !== undefined));
  const enough = least >= NEEDED_FREE_BYTES;
  return {
    name: "Disk",
    state: enough ? "ok" : "problem",
    detail: `${(least / 1024 ** 3).toFixed(1)} GiB free`,
    ...(enough ? {} : { fix: "Free some space: toolchain and apps need about 5 GiB" }),
  };
}

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function isolation(isRoot: boolean): Finding {
  return isRoot
    ? { name: "Isolation", state: "ok", detail: "each deployment runs under a user id of its own" }
    : {
        name: "Isolation",
        state: "note",
        detail: "without root all deployments share your user id; this installation takes one organization only",
        fix: "Run as root for walls between deployments (docs/security.md)",
      };
}

async function database(): Promise<Finding> {
  if (process.env.DATABASE_URL) return { name: "Database", state: "ok", detail: "your own server (DATABASE_URL)" };
  const server = await runningPostmaster(resolvePaths().postgres.data);
  return server
    ? { name: "Database", state: "ok", detail: `embedded PostgreSQL runs (pid ${server.pid})` }
    : { name: "Database", state: "note", detail: "embedded PostgreSQL does not run", fix: "onvera start" };
}

async function controlPlane(): Promise<Finding> {
  const plane = await runningControlPlane(resolvePaths());
  if (!plane) return { name: "Control plane", state: "note", detail: "not running", fix: "onvera start" };
  return (await isReady(plane.apiUrl))
    ? { name: "Control plane", state: "ok", detail: `ready at ${plane.apiUrl}` }
    : {
        name: "Control plane",
        state: "problem",
        detail: `process ${plane.pid} runs, but its API is not ready`,
        fix: "Look at 'onvera logs'; 'onvera stop' and 'onvera start' if it stays so",
      };
}

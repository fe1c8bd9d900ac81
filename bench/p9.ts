/** P9: the most memory one operation's processes hold at once, against the bare CLI's. */
import { fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { bareCli } from "./bare-cli.ts";
import { startBenchPlane } from "./bench-plane.ts";
import { type Figure, figureOf } from "./figure.ts";

const spec = { bench_resources: 10 };
const SAMPLE_MILLISECONDS = 15;

/** A program always needs a language host; the CLI's tree is counted with one that loads the stock SDK, and without. */
export async function p9(runs: number): Promise<Figure[]> {
  const bench = await startBenchPlane({ warmRunners: 1 });
  const { plane } = bench;
  try {
    const deploymentId = await bench.ready(spec);
    const cli = await bareCli(bench, await bench.peerStack(spec), "passphrase");
    await cli.first();
    const hostMegabytes = await stockHostMegabytes();
    const samples = { ours: [] as number[], cli: [] as number[] };
    for (let index = 0; index < runs; index++) {
      await bench.settle();
      samples.ours.push(
        await peak(
          () => operationProcesses(plane.folder),
          () => bench.timeUpdate(deploymentId, spec),
        ),
      );
      await bench.settle();
      let pid = 0;
      samples.cli.push(
        await peak(
          () => (pid === 0 ? [] : [pid]),
          () =>
            cli.up((started) => {
              pid = started;
            }),
        ),
      );
    }
    await cli.close();
    const withHost = samples.cli.map((megabytes) => megabytes + hostMegabytes);
    return [
      figureOf(
        { figure: "P9", case: "runner and CLI, to CLI and language host", unit: "MB", aim: "<= 1.4" },
        { ours: samples.ours, peer: withHost },
      ),
      figureOf(
        { figure: "P9", case: "runner and CLI, to the CLI process alone", unit: "MB", aim: "" },
        { ours: samples.ours, peer: samples.cli },
      ),
    ];
  } finally {
    await bench.stop();
  }
}

/** Samples the sum of resident memory of some processes while work goes on; megabytes. */
async function peak(pids: () => number[], work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(
      most,
      pids().reduce((sum, pid) => sum + residentMegabytes(pid), 0),
    );
  }, SAMPLE_MILLISECONDS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}

/** The CLI processes started below the plane's folder and their runners. */
function operationProcesses(folder: string): number[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const groups = new Set(
    all
      .filter(
        (pid) =>
          read(`/proc/${pid}/environ`).includes(`ONVERA_OPERATION=`) && read(`/proc/${pid}/environ`).includes(folder),
      )
      .map(groupOf),
  );
  return all.filter((pid) => groups.has(groupOf(pid)));
}

function groupOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2] ?? -1);
}

const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** What a node process holds that has loaded the SDK as it comes. */
async function stockHostMegabytes(): Promise<number> {
  const source = `require("@pulumi/pulumi");require("@pulumi/pulumi/automation/index.js");process.send(1);setInterval(()=>0,1e3)`;
  const child = fork("-e", [source], { execArgv: [], cwd: process.cwd() });
  await new Promise((resolve) => child.once("message", resolve));
  const megabytes = residentMegabytes(child.pid ?? 0);
  child.kill("SIGKILL");
  return megabytes;
}

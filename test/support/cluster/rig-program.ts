/** One of the node's programs taken away and brought back, as by a crash or an upgrade of the node's owner. */
import { readdir, readFile, readlink } from "node:fs/promises";
import { until } from "../until.ts";
import { nodePrograms, type ProgramName } from "./node-programs.ts";
import type { RigNamespace } from "./rig-namespace.ts";
import type { RigPlace } from "./rig-place.ts";
import { programReady, startInside } from "./start-programs.ts";

export interface RigProgram {
  /** Kills it and waits for its end; one that does not run is fine. */
  stop(): Promise<void>;
  /** Starts it where it does not run, and waits until it does its work. @throws Error with the end of its log */
  start(): Promise<void>;
}

/** @param kubernetes the one executable of all */
export function rigProgram(place: RigPlace, inside: RigNamespace, kubernetes: string, name: ProgramName): RigProgram {
  const program = nodePrograms(place, kubernetes).find((one) => one.name === name);
  if (program === undefined) throw new Error(`The node has no program ${name}.`);
  const running = () => processesInside(inside, program.command);
  return {
    async stop() {
      for (const pid of await running()) process.kill(pid, "SIGKILL");
      await until(async () => (await running()).length === 0, `${name} has ended`, 30);
    },
    async start() {
      if ((await running()).length === 0) await startInside(place, inside, program);
      await programReady(place, kubernetes, name);
    },
  };
}

/** Processes with exactly this command line among those of the rig, as this machine numbers them. */
async function processesInside(inside: RigNamespace, command: readonly string[]): Promise<number[]> {
  const own = await readlink(`/proc/${inside.pid}/ns/pid`);
  const wanted = `${command.join("\0")}\0`;
  const isOne = async (pid: string) => {
    const [line, namespace] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readlink(`/proc/${pid}/ns/pid`),
    ]).catch(() => []);
    return line === wanted && namespace === own;
  };
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(isOne));
  return pids.filter((_, index) => found[index]).map(Number);
}

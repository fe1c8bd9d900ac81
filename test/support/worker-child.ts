/** Workers in processes of their own, for tests that kill them. */
import { type ChildProcess, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.ts";
import type { WorkerProcessConfig } from "./worker-process-config.ts";

export interface SpawnOptions {
  timings?: WorkerProcessConfig["timings"];
  /** Entries that are bundled and loaded before anything else in the worker's process. */
  preload?: readonly string[];
}

export interface WorkerProcess {
  child: ChildProcess;
  id: string;
  kill(): Promise<void>;
}

/** Starts one, and waits until it has told its id. @throws Error when it ends before */
export async function forkWorker(
  configFile: string,
  config: WorkerProcessConfig,
  preload: readonly string[],
): Promise<WorkerProcess> {
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  const child = fork(await bundle("test/support/worker-process.ts"), [configFile], {
    execArgv: preload.flatMap((path) => ["--import", pathToFileURL(path).href]),
  });
  const started = new Promise<string>((resolve, reject) => {
    child.on("message", (message) => {
      const { kind, workerId } = message as { kind?: string; workerId?: string };
      if (kind === "started" && workerId !== undefined) resolve(workerId);
    });
    child.once("exit", (code) => reject(new Error(`The worker process ended with ${code} before it had started`)));
  });
  if (process.env.ONVERA_TEST_LOG) child.on("message", (message) => console.warn(JSON.stringify(message)));
  return {
    child,
    id: await started,
    kill: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      }),
  };
}

/** Runner processes kept warm: forked with the SDK loaded, each used for one job, replaced when taken. */
import { type ChildProcess, fork } from "node:child_process";

export interface RunnerPoolOptions {
  /** The built src/automation/runner/load.ts. */
  script: string;
  /** Where runners keep their compiled code for those that follow; exists. */
  codeCacheFolder: string;
  /** How many wait ready. */
  size: number;
  /** The runner's environment: an allow-list of its own. */
  env: Readonly<Record<string, string>>;
  cwd: string;
}

export interface RunnerPool {
  /** A ready runner, the caller's from then on. @throws when it dies before it is ready */
  take(): Promise<ChildProcess>;
  /** Ends the waiting ones; runners that were taken are not touched. */
  close(): Promise<void>;
}

interface Warm {
  child: ChildProcess;
  ready: Promise<void>;
}

/** Starts a pool and its first runners. */
export function createRunnerPool(options: RunnerPoolOptions): RunnerPool {
  const waiting: Warm[] = [];
  let closed = false;

  const start = (): Warm => {
    const child = fork(options.script, [options.codeCacheFolder], {
      cwd: options.cwd,
      env: options.env,
      // Its own process group: one signal ends runner and CLI together, and a Ctrl-C at the worker reaches neither.
      detached: true,
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "json",
    });
    let complaint = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-2000);
    });
    const ready = new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("error", reject);
      child.once("exit", (code, signal) =>
        reject(new Error(`A runner ended with ${signal ?? `code ${code}`} before it was ready. ${complaint}`)),
      );
    });
    ready.catch(() => undefined);
    return { child, ready };
  };

  const refill = () => {
    while (!closed && waiting.length < options.size) waiting.push(start());
  };
  refill();
  const firstAlive = (): Warm | undefined => {
    for (;;) {
      const next = waiting.shift();
      if (next === undefined || isAlive(next.child)) return next;
    }
  };

  return {
    async take() {
      if (closed) throw new Error("The worker is stopping; no runner is started any more.");
      const warm = firstAlive() ?? start();
      // The replacement loads when this one is done: until then both would want the same core.
      warm.child.once("exit", refill);
      await warm.ready;
      return warm.child;
    },
    async close() {
      closed = true;
      await Promise.all(
        waiting.splice(0).map(
          ({ child }) =>
            new Promise<void>((resolve) => {
              if (!isAlive(child)) return resolve();
              child.once("exit", () => resolve());
              child.kill("SIGKILL");
            }),
        ),
      );
    },
  };
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

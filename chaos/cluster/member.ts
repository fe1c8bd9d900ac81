/** One `onvera server` or `onvera worker`, in a process that can be killed, paused, drained and brought back. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { Installation } from "../../test/support/installation.ts";

export interface MemberOptions {
  installation: Installation;
  verb: "server" | "worker";
  env: Record<string, string>;
  /** How many files and connections it may have open. */
  openFiles?: number;
  /** Another version's `./onvera`. */
  launcher?: string | undefined;
}

export interface Member {
  name: string;
  verb: MemberOptions["verb"];
  /** Of its process; undefined before the first start. */
  pid(): number | undefined;
  /** True while its process lives and has said that it is ready. */
  isReady(): boolean;
  /** Starts the process and waits until it is ready; tried again for as long as its database is away. */
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM. @returns the exit code */
  drain(): Promise<number | null>;
}

const readyLine = { server: "The API answers", worker: "The worker takes operations" } as const;
const START_AGAIN_MILLISECONDS = 1000;
const SAID_CHARACTERS = 4000;
const isTold = process.env.ONVERA_TEST_LOG !== undefined;

/** Describes a member; nothing runs until it is started. */
export function createMember(name: string, { installation, verb, env, openFiles, launcher }: MemberOptions): Member {
  let child: ChildProcess | undefined;
  let ready = false;
  let said = "";

  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const once_ = (process: ChildProcess) =>
    new Promise<boolean>((resolve) => {
      const hear = (chunk: Buffer) => {
        said = `${said}${chunk}`.slice(-SAID_CHARACTERS);
        if (isTold) console.warn(String(chunk));
        if (said.includes(readyLine[verb])) resolve(true);
      };
      process.stdout?.on("data", hear);
      process.stderr?.on("data", hear);
      process.once("exit", () => {
        ready = false;
        resolve(false);
      });
    });
  const signal = (name_: NodeJS.Signals) => {
    if (alive()) child?.kill(name_);
  };

  return {
    name,
    verb,
    pid: () => child?.pid,
    isReady: () => ready && alive(),
    async start() {
      for (;;) {
        said = "";
        const started = installation.spawnOnvera([verb], { env, openFiles, launcher });
        child = started;
        ready = await once_(started);
        if (ready) return;
        await wait(START_AGAIN_MILLISECONDS);
      }
    },
    async kill() {
      const process = child;
      if (process === undefined || !alive()) return;
      const gone = once(process, "exit");
      process.kill("SIGKILL");
      await gone;
    },
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    async drain() {
      const process = child;
      if (process === undefined || !alive()) return process?.exitCode ?? null;
      const gone = once(process, "exit");
      process.kill("SIGTERM");
      const [code] = await gone;
      return code as number | null;
    },
  };
}

/** The worker's side of its provider process: starts it, starts it again when it died, tells it which runs go on. */
import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { StackAccess } from "../../domain/stack-access.ts";
import type { Run } from "../host/hooks.ts";
import type { RegisteredRun } from "../host/run-registry.ts";
import { ProviderMessage, type ProviderRequest } from "./messages.ts";

export interface ProviderProcessOptions {
  /** The bundled entry; it calls `serveProviderProcess`. */
  script: string;
  /** For that entry alone. */
  config: unknown;
  /** Its environment: an allow-list of its own. */
  env: Readonly<Record<string, string>>;
  /** Told of each connection that was turned away. */
  onRefused?(uid: number): void;
  /** Told when the process died; another one is being started. */
  onDied?(how: string): void;
}

/** What CLIs are told of the host that serves now. */
export interface ProviderAttachment {
  /** Value of PULUMI_DEBUG_PROVIDERS. */
  debugProviders: string;
  /** Absent where the host lives in the worker itself. */
  process?: { pid: number; startTime: string };
}

export interface ProviderProcess {
  /** Resolves when the process serves and knows the stack's way. @throws Error when it does not come up */
  attach(stack: { stackName: string; access: StackAccess }): Promise<ProviderAttachment>;
  /** Before the CLI starts. `end()` resolves when nothing of the run is under way, or the process is gone. */
  registerRun(run: Run): Promise<RegisteredRun>;
  /** Lets what is under way finish and ends the process. */
  stop(): Promise<void>;
}

interface Living {
  child: ChildProcess;
  ready: Promise<ProviderAttachment>;
  gone: Promise<void>;
}

/** Pause between two starts of a process that does not come up. */
const RESTART_MILLISECONDS = 500;

/** Starts the process; nothing waits for it until it is needed. */
export function startProviderProcess(options: ProviderProcessOptions): ProviderProcess {
  const answers = new Map<string, (error?: string) => void>();
  let stopping = false;
  let numbers = 0;
  let living = start();

  function start(): Living {
    const child = fork(options.script, [], {
      env: options.env,
      // Its own process group: what ends a worker's group, or a Ctrl+C, does not end running creates.
      detached: true,
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let wasReady = false;
    const gone = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", (code, signal) => {
        resolve();
        if (stopping) return;
        options.onDied?.(signal ?? `exit code ${code}`);
        // At once, unless it never came up: then the same would happen again.
        void sleep(wasReady ? 0 : RESTART_MILLISECONDS).then(() => {
          if (!stopping) living = start();
        });
      });
    });
    const ready = new Promise<ProviderAttachment>((resolve, reject) => {
      void gone.then(() => reject(new Error("The provider process ended before it served.")));
      child.on("message", (raw) => {
        const message = ProviderMessage.parse(raw);
        if (message.kind === "refused") options.onRefused?.(message.uid);
        else if (message.kind === "ready") {
          wasReady = true;
          const { debugProviders, startTime } = message;
          resolve({ debugProviders, process: { pid: child.pid ?? 0, startTime } });
        } else {
          const key = `${message.kind} ${message.number}`;
          answers.get(key)?.(message.kind === "registered" ? message.error : undefined);
          answers.delete(key);
        }
      });
    });
    ready.catch(() => undefined);
    send(child, { kind: "start", config: options.config });
    return { child, ready, gone };
  }

  /** Resolves with the answer, or when the process is gone. */
  const ask = async (
    { child, gone }: Living,
    request: Extract<ProviderRequest, { kind: "register" | "end" }>,
  ): Promise<void> => {
    const answered = new Promise<string | undefined>((resolve) => {
      answers.set(`${request.kind === "register" ? "registered" : "ended"} ${request.number}`, resolve);
    });
    send(child, request);
    const error = await Promise.race([answered, gone.then(() => undefined)]);
    if (error !== undefined) throw new Error(error);
  };

  return {
    async attach(stack) {
      const { ready, child } = living;
      const attachment = await ready;
      send(child, { kind: "attach", ...stack });
      return attachment;
    },
    async registerRun(run) {
      const mine = living;
      await mine.ready;
      const number = ++numbers;
      await ask(mine, { kind: "register", number, run });
      return { end: () => ask(mine, { kind: "end", number }) };
    },
    async stop() {
      stopping = true;
      const { child, gone } = living;
      send(child, { kind: "stop" });
      await gone;
    },
  };
}

function send(child: ChildProcess, request: ProviderRequest): void {
  if (child.connected) child.send(request, () => undefined);
}

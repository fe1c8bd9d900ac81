/** Runs command lines in this process against a terminal that only remembers, with a home folder of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { ControlPlane } from "../../src/cli/control-plane/port.ts";
import type { Io } from "../../src/cli/io.ts";
import { runCli } from "../../src/cli/run.ts";
import { KEY } from "./cli-service.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  /** What is on standard input where nobody is at the terminal. */
  input?: string;
  /** Somebody is at the terminal and types these lines. */
  typed?: readonly string[];
  isLive?: boolean;
  /** Ctrl+C is pressed as soon as standard output or standard error holds this text. */
  interruptAt?: string;
  controlPlane?: Partial<ControlPlane>;
}

export interface Cli {
  home: string;
  run(line: readonly string[], options?: RunOptions): Promise<Ran>;
  remove(): void;
}

/** @param apiUrl where ONVERA_API_URL points; undefined leaves it and the key unset */
export function createCli(apiUrl: string | undefined): Cli {
  const home = mkdtempSync(join(tmpdir(), "onvera-cli-"));
  const base: Record<string, string> = apiUrl === undefined ? {} : { ONVERA_API_URL: apiUrl, ONVERA_API_KEY: KEY };
  return {
    home,
    remove: () => rmSync(home, { recursive: true, force: true }),
    async run(line, options = {}) {
      const { io, out, err } = memoryIo({ HOME: home, ...base, ...options.env }, options);
      const controlPlane = { localAccess: async () => undefined, ...options.controlPlane } as ControlPlane;
      const code = await runCli(line, { io, loadControlPlane: async () => controlPlane });
      return { code, out: out(), err: err() };
    },
  };
}

function memoryIo(env: Record<string, string>, options: RunOptions) {
  let [written, talked] = ["", ""];
  const interrupts = new Set<() => void>();
  const stdin = new PassThrough();
  if (options.typed === undefined) stdin.end(options.input ?? "");
  const typed = [...(options.typed ?? [])];
  const watch = () => {
    if (options.interruptAt !== undefined && `${written}${talked}`.includes(options.interruptAt)) {
      for (const interrupt of interrupts) setImmediate(interrupt);
    }
  };
  const isLive = options.isLive === true;
  const io: Io = {
    out(text) {
      written += text;
      watch();
    },
    err(text) {
      talked += text;
      watch();
      // A question ends with a space and no line break; whoever sits there answers it.
      if (/[:?] $/.test(text) && typed.length > 0) setImmediate(() => stdin.write(`${typed.shift()}\n`));
    },
    stdin,
    env,
    canAsk: options.typed !== undefined,
    outIsLive: isLive,
    errIsLive: isLive,
    outHasColor: false,
    errHasColor: false,
    columns: 100,
    onInterrupt(handler) {
      interrupts.add(handler);
      return () => void interrupts.delete(handler);
    },
    now: Date.now,
  };
  return { io, out: () => written, err: () => talked };
}

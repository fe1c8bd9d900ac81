/** Asks the separate script that looks at reality. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { bundle } from "../../test/support/bundle.ts";
import type { Facts, Question } from "./facts.ts";

export interface RealityReader {
  /** @throws Error when it cannot look */
  read(question: Question): Promise<Facts>;
  close(): Promise<void>;
}

/** Starts the script. */
export async function startRealityReader(): Promise<RealityReader> {
  const child: ChildProcess = spawn(process.execPath, [await bundle("chaos/reality.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH ?? "" },
  });
  if (child.stdout === null || child.stdin === null) throw new Error("The reality reader has no pipes.");
  const { stdin } = child;
  const lines: Interface = createInterface(child.stdout);
  let last: Promise<unknown> = Promise.resolve();
  return {
    read(question) {
      const answer = last.then(async () => {
        stdin.write(`${JSON.stringify(question)}\n`);
        const [line] = (await once(lines, "line")) as [string];
        const { facts, error } = JSON.parse(line) as { facts?: Facts; error?: string };
        if (facts === undefined) throw new Error(`Reality could not be read: ${error}`);
        return facts;
      });
      last = answer.catch(() => undefined);
      return answer;
    },
    async close() {
      stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

/** A command whose output is read while it runs: what it said, when, and how it ended. */
import type { ChildProcess } from "node:child_process";

export interface FollowedCommand {
  /** Everything it has said on both outputs so far. */
  output(): string;
  /** Resolves when it has said something the pattern matches. @throws Error with its output when it ends before */
  said(pattern: RegExp): Promise<string>;
  /** Its exit code. */
  ended: Promise<number | null>;
}

export function followCommand(child: ChildProcess): FollowedCommand {
  let text = "";
  let over = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      text += chunk;
      wake();
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      over = true;
      resolve(code);
      wake();
    });
  });
  return {
    output: () => text,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text);
          if (found === null && !over) return;
          waiting.delete(look);
          if (found === null) reject(new Error(`It ended without saying ${pattern}:\n${text}`));
          else resolve(found[1] ?? found[0]);
        };
        waiting.add(look);
        look();
      }),
  };
}

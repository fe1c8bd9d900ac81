/** `onvera logs` without a deployment: the control plane's own log. */
import { createReadStream, existsSync, statSync, watch } from "node:fs";
import { resolvePaths } from "../local/paths.ts";
import { controlPlaneLog } from "./background.ts";
import type { Verb } from "./verb.ts";

const DEFAULT_LINES = 100;

export const runLogs: Verb = async (options, io) => {
  const log = controlPlaneLog(resolvePaths());
  if (!existsSync(log)) {
    io.err("The control plane has not written a log yet: it was never started in the background ('onvera start').\n");
    return 1;
  }
  const wanted = Number(options.tail ?? DEFAULT_LINES);
  const text = await readFrom(log, 0);
  io.out(`${text.text.trimEnd().split("\n").slice(-wanted).join("\n")}\n`);
  if (options.follow) await follow(log, text.end, io);
  return 0;
};

async function follow(log: string, from: number, io: Parameters<Verb>[1]): Promise<void> {
  let position = from;
  for await (const _ of changes(log, io.signal)) {
    if (statSync(log).size < position) position = 0;
    const more = await readFrom(log, position);
    if (more.text !== "") io.out(more.text);
    position = more.end;
  }
}

async function* changes(log: string, signal: AbortSignal): AsyncGenerator<void> {
  let wake: () => void = () => undefined;
  const watcher = watch(log, () => wake());
  const stop = () => wake();
  signal.addEventListener("abort", stop);
  try {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      yield;
    }
  } finally {
    watcher.close();
    signal.removeEventListener("abort", stop);
  }
}

async function readFrom(file: string, start: number): Promise<{ text: string; end: number }> {
  const parts: Buffer[] = [];
  for await (const part of createReadStream(file, { start })) parts.push(part as Buffer);
  const bytes = Buffer.concat(parts);
  return { text: bytes.toString("utf8"), end: start + bytes.length };
}

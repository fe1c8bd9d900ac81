/** One line around each real side effect, on disk before anything else happens: what a crash cannot take back. */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import type { SideEffectMoment, SideEffectPoint } from "../../src/providers/host/hooks.ts";

/** Appends one line and waits until the disk has it. */
export function appendLedger(path: string, point: SideEffectPoint, { run, ...moment }: SideEffectMoment): void {
  const { operationId, generation, stackName } = run;
  const line = JSON.stringify({ point, stack: stackName, operationId, generation, pid: process.pid, ...moment });
  const file = openSync(path, "a", 0o600);
  try {
    writeSync(file, `${line}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

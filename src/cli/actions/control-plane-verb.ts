/** The verbs that run this machine's control plane: `start`, `stop`, `status`, `logs`, `setup`, `doctor`, `server`, `worker`, `migrate`. */
import { createProgress } from "../../domain/progress.ts";
import type { ControlPlane, Verb } from "../control-plane/port.ts";
import { untilInterrupted } from "../follow/until-interrupted.ts";
import type { Invocation } from "../invocation.ts";
import { createStepPrinter } from "../output/step-printer.ts";

export type VerbName = {
  [Name in keyof ControlPlane]: ControlPlane[Name] extends Verb ? Name : never;
}[keyof ControlPlane];

/** Runs a verb with the terminal, the steps it takes shown, and Ctrl+C handed on. @returns its exit code */
export async function runVerb(invocation: Invocation, name: VerbName): Promise<number> {
  const { io, output } = invocation;
  const plane = await invocation.controlPlane();
  const printer = createStepPrinter({ write: io.err, isLive: io.errIsLive, columns: io.columns, now: io.now });
  const progress = createProgress(output.quiet ? () => undefined : printer.event);
  const options = { ...invocation.options, args: invocation.args.filter((word) => word !== undefined) };
  try {
    return await untilInterrupted(io, (signal) => plane[name](options, { out: io.out, err: io.err, progress, signal }));
  } finally {
    printer.end();
  }
}

/** A command that is nothing but such a verb. */
export const verbCommand = (name: VerbName) => ({ run: (invocation: Invocation) => runVerb(invocation, name) });

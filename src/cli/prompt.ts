/** Questions to the person at the terminal; the question stands on standard error, so that data stays clean. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CliError, usageError } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Invocation } from "./invocation.ts";
import type { Io } from "./io.ts";

/**
 * Asks and gives back the line typed.
 * @throws CliError exit 130 when the person presses Ctrl+C or closes the input
 */
export async function ask(io: Io, question: string): Promise<string> {
  const screen = new Writable({
    write(chunk, _encoding, done) {
      io.err(String(chunk));
      done();
    },
  });
  const reader = createInterface({ input: io.stdin, output: screen, terminal: false });
  io.err(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = () => reject(new CliError("Interrupted; nothing was changed.", { exitCode: exitCodes.interrupted }));
      reader.once("line", resolve);
      reader.once("close", stop);
      reader.once("SIGINT", stop);
      const undo = io.onInterrupt(stop);
      reader.once("line", undo);
    });
  } finally {
    reader.close();
  }
}

/** A yes-or-no question whose default is No. */
export async function confirm(io: Io, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(io, `${question} (y/N): `)).trim());
}

/**
 * Refuses to go on where nobody can be asked.
 * @param flag the flag that answers the question beforehand
 * @throws CliError exit 2
 */
export function requireTerminal(io: Io, what: string, flag: string): void {
  if (io.canAsk) return;
  throw usageError(`${what} asks for a confirmation, and there is no terminal to ask on.`, `Add ${flag} to confirm.`);
}

/** Reads a secret: hidden on a terminal, the whole of standard input elsewhere. Never from the command line. */
export async function readSecret(io: Io, message: string): Promise<string> {
  if (!io.canAsk) {
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString("utf8").trim();
  }
  const { password, isCancel } = await import("@clack/prompts");
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new CliError("Interrupted; nothing was changed.", { exitCode: exitCodes.interrupted });
  return (answer ?? "").trim();
}

/** Stands before every question while a production context is in use. */
export const contextNote = ({ settings }: Pick<Invocation, "settings">): string =>
  settings.isProduction ? `[production context '${settings.contextName}'] ` : "";

/** Questions to the person at the terminal; the question stands on standard error, so that data stays clean. */
import { createInterface, type Interface } from "node:readline";
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
  return readLine(io, question, createInterface({ input: io.stdin, terminal: false }));
}

/** readline edits the line and shows it by itself; with nowhere to show it, what is typed stays hidden. */
async function askHidden(io: Io, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await readLine(io, question, createInterface({ input: io.stdin, output: nowhere, terminal: true }));
  io.err("\n");
  return answer;
}

async function readLine(io: Io, question: string, reader: Interface): Promise<string> {
  let undo = () => {};
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = () => {
        io.err("\n");
        reject(new CliError("Interrupted; nothing was changed.", { exitCode: exitCodes.interrupted }));
      };
      undo = io.onInterrupt(stop);
      reader.once("line", resolve);
      reader.once("close", stop);
      reader.once("SIGINT", stop);
      io.err(question);
    });
  } finally {
    undo();
    // Closing is said to the listener too, and by now it is no interruption.
    reader.removeAllListeners("close").close();
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
  return (await askHidden(io, `${message}: `)).trim();
}

/** Stands before every question while a production context is in use. */
export const contextNote = ({ settings }: Pick<Invocation, "settings">): string =>
  settings.isProduction ? `[production context '${settings.contextName}'] ` : "";

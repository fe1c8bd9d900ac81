/** Runs one program of the system to its end. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * @returns what it wrote on standard output
 * @throws Error with its command line and what it wrote on standard error
 */
export async function run(program: string, args: readonly string[], input?: string): Promise<string> {
  const running = execute(program, [...args], { maxBuffer: 64 << 20 });
  if (input !== undefined) running.child.stdin?.end(input);
  const { stdout } = await running.catch((error: Error & { stderr?: string }) => {
    throw new Error(`${program} ${args.join(" ")} failed: ${error.stderr?.trim() || error.message}`, { cause: error });
  });
  return stdout;
}

/** A changing line of the plain CLI inside a runner (`stack.pulumi` operations): the operator's words, our own plumbing. */
import { readPulumiLine } from "../../domain/plain-pulumi.ts";

/** What the SDK adds to a run and every run of a program needs. */
const plumbing = ["--client", "--exec-kind", "--event-log", "--stack"] as const;

/**
 * Puts the operator's line in the place of the SDK's own verb and flags.
 * @param line what follows `pulumi`, without the stack
 * @param sdkArguments what the SDK would have run
 */
export function plainArguments(line: readonly string[], sdkArguments: readonly string[]): string[] {
  const own: string[] = [];
  for (const [index, word] of sdkArguments.entries()) {
    const flag = plumbing.find((known) => word === known || word.startsWith(`${known}=`));
    if (flag === undefined) continue;
    own.push(word);
    const value = sdkArguments[index + 1];
    if (word === flag && value !== undefined) own.push(value);
  }
  // Last, because the last of two equal flags counts.
  return [...line, ...own];
}

/** Arguments of a line that runs no program. */
export function programlessArguments(line: readonly string[], stackName: string): string[] {
  const isImport = readPulumiLine(line).command === "import";
  // Code would be made by the official language plugin, which is not here, for a program that is not the operator's.
  return [...line, ...(isImport ? ["--generate-code=false"] : []), "--stack", stackName];
}

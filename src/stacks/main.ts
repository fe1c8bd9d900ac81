/** Entry of the plain `pulumi` CLI (Pulumi.yaml points at its build): the same program the control plane runs. */
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { programFor } from "./program-for.ts";
import { readSpecFile } from "./spec-file.ts";

// biome-ignore lint/style/noDefaultExport: Pulumi's Node.js host calls the default export of the program's entry.
export default async () => {
  try {
    const input = await readSpecFile(process.env.ONVERA_SPEC_FILE);
    const program = await programFor(input, { testApps: process.env.ONVERA_TEST_APPS === "1" });
    return await program();
  } catch (cause) {
    throw new ProgramError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

/** The engine shows the message alone: our errors say what to do, and a stack of our sources helps nobody there. */
class ProgramError extends pulumi.RunError {
  // Pulumi hangs the whole graph of its promises on an error and then inspects it: seen to take 40 to 60 seconds.
  [inspect.custom](): string {
    return this.message;
  }
}

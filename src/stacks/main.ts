/** Entry of the plain `pulumi` CLI (Pulumi.yaml points at its build): the same program the control plane runs. */
import { programFor } from "./program-for.ts";
import { readSpecFile } from "./spec-file.ts";

// biome-ignore lint/style/noDefaultExport: Pulumi's Node.js host calls the default export of the program's entry.
export default async () => {
  const input = await readSpecFile(process.env.ONVERA_SPEC_FILE);
  const program = await programFor(input, { testApps: process.env.ONVERA_TEST_APPS === "1" });
  return program();
};

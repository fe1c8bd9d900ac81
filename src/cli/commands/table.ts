/** Every command there is, in the order of `onvera --help`. */
import type { CommandSection } from "../command-spec.ts";
import { deployCommand, destroyCommand, getCommand, listCommand } from "./deployments.ts";
import { operationCommands } from "./operations.ts";

export const sections: readonly CommandSection[] = [
  { heading: "Deployments", commands: [deployCommand, listCommand, getCommand, destroyCommand] },
  { heading: "Operations", commands: [operationCommands] },
];

/** One provider package: its name and the resource types it serves. */
import type { ResourceHandler } from "./resource-handler.ts";

export interface ProviderPackage {
  name: string;
  /** The version the engine is told; a substitute names the official version whose state it writes. */
  version: string;
  handlers: readonly ResourceHandler[];
}

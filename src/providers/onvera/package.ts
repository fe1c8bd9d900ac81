/** The `onvera` package: local services, routes, and the item benchmarks are made of. */
import type { SupervisorClient } from "../../local/supervisor/client-port.ts";
import type { ProviderPackage } from "../host/provider-package.ts";
import { benchItem } from "./bench-item.ts";
import { deploymentHandlers } from "./deployment-handlers.ts";
import { runHandlers } from "./run-handlers.ts";

export interface OnveraPackageOptions {
  supervisor: SupervisorClient;
  /** Where `onvera:bench:Item` writes its files. */
  ledgerFolder: string;
}

export function onveraPackage({ supervisor, ledgerFolder }: OnveraPackageOptions): ProviderPackage {
  return {
    name: "onvera",
    version: "0.1.0",
    handlers: [...deploymentHandlers(supervisor), ...runHandlers(supervisor), benchItem(ledgerFolder)],
  };
}

/** Fills in the references of a workload (src/domain/workload.ts) for this machine. */
import path from "node:path";
import { sizeFigure } from "../../domain/sizes.ts";
import { type ReferenceLookup, renderTemplate } from "../../domain/workload.ts";
import type { DeploymentFolders } from "./folders.ts";
import { RequestError } from "./request-error.ts";

export interface RenderFacts {
  folders: DeploymentFolders;
  ports: Record<string, number>;
  packageFolder: string | null;
  publicUrl: string;
  size: string;
  /** Values of the secrets; only for files and for a job's standard input. Null forbids them. */
  secrets: Record<string, string> | null;
  /** Which copy this is for: copy n of a process has the ports `name-n`. */
  replica: number;
  /** The ports that belong to the process itself and differ from copy to copy. */
  ownPorts: string[];
}

const LOOPBACK = "127.0.0.1";

/** The name under which copy n leases a port: copy 0 has the plain name. */
export function replicaPortName(port: string, replica: number): string {
  return replica === 0 ? port : `${port}-${replica}`;
}

/** Fills in one string. @throws RequestError 422 naming a reference that cannot be filled in */
export function render(template: string, facts: RenderFacts): string {
  try {
    return renderTemplate(template, lookupFor(facts));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RequestError(422, "UNKNOWN_REFERENCE", message, { cause: error });
  }
}

/** Fills in every value of a map. */
export function renderAll(templates: Record<string, string>, facts: RenderFacts): Record<string, string> {
  return Object.fromEntries(Object.entries(templates).map(([name, value]) => [name, render(value, facts)]));
}

function lookupFor(facts: RenderFacts): ReferenceLookup {
  return (kind, name) => {
    switch (kind) {
      case "port": {
        const own = facts.ownPorts.includes(name) ? replicaPortName(name, facts.replica) : name;
        return facts.ports[own]?.toString();
      }
      case "dir":
        return folderNamed(name, facts);
      case "secret-file":
        return /^[a-z][a-z0-9_]*$/.test(name) ? path.join(facts.folders.secrets, name) : undefined;
      case "secret":
        return facts.secrets?.[name];
      // Everything of a deployment runs on this machine: its processes and its gateway meet on the loopback.
      case "host":
        return LOOPBACK;
      case "address":
        return name === "listen" || name === "proxy" ? LOOPBACK : undefined;
      case "url":
        return name === "public" ? facts.publicUrl : undefined;
      case "size":
        return sizeFigure(facts.size, name)?.toString();
      default:
        return undefined;
    }
  };
}

function folderNamed(name: string, { folders, packageFolder }: RenderFacts): string | undefined {
  switch (name) {
    case "config":
      return folders.config;
    case "data":
      return folders.data;
    case "logs":
      return folders.logs;
    case "run":
      return folders.run;
    case "package":
      return packageFolder ?? undefined;
    default:
      return undefined;
  }
}

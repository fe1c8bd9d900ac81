/** What a supervisor is started with. Everything that differs between production and tests is here. */
import { type BackoffPolicy, defaultBackoff } from "./backoff.ts";
import { defaultLogLimits, type LogLimits } from "./log-book.ts";
import type { PackageResolver } from "./package-resolver.ts";
import { defaultPortRange, type PortRange } from "./port-leases.ts";
import { firstUidOf } from "./uid-leases.ts";

export interface GatewaySettings {
  /** Address to listen at; `127.0.0.1` unless the machine serves others. */
  address: string;
  /** 0 takes any free port. */
  httpPort: number;
  httpsPort: number;
  /** `localhost`, or the apps' own domain; with a domain http only redirects to https. */
  domain: string;
  /** Certificate for the domain; without one the local authority issues it. */
  certificate?: { certificateFile: string; keyFile: string };
}

export interface SupervisorOptions {
  home: string;
  /** Null runs no gateway. */
  gateway: GatewaySettings | null;
  packages: PackageResolver;
  /** Build of the control plane; an answer to `GET /status`, so that an upgraded one can tell an old supervisor. */
  version: string;
  backoff?: BackoffPolicy;
  logLimits?: LogLimits;
  portRange?: PortRange;
  firstUid?: number;
  /** Lets `file://` git sources through. Only tests set it: a tenant must not read this machine's disk. */
  allowFileSources?: boolean;
  /** Hosts with private addresses that git sources may come from; the operator's list. */
  privateSourceHosts?: string[];
  /** Takes one line about what went wrong where nobody waits for an answer. */
  report?: (message: string) => void;
}

export type ResolvedOptions = Required<SupervisorOptions>;

/** Options with every default filled in. */
export function resolveOptions(options: SupervisorOptions): ResolvedOptions {
  return {
    backoff: defaultBackoff,
    logLimits: defaultLogLimits,
    portRange: defaultPortRange,
    firstUid: firstUidOf(options.home),
    allowFileSources: false,
    privateSourceHosts: [],
    report: (message) => process.stderr.write(`${new Date().toISOString()} ${message}\n`),
    ...options,
  };
}

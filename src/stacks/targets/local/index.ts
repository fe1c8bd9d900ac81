/** The target `local`: this machine as a cluster. */
import type { Target } from "../../components/target.ts";
import { LocalCompute } from "./compute.ts";
import { LocalDatabase } from "./database.ts";
import { LocalDns } from "./dns.ts";
import { LocalNetwork } from "./network.ts";
import { LocalDeploymentSecrets } from "./secrets.ts";

export const localTarget: Target = {
  Secrets: LocalDeploymentSecrets,
  Database: LocalDatabase,
  Network: LocalNetwork,
  Compute: LocalCompute,
  Dns: LocalDns,
};

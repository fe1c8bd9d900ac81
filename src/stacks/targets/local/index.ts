/** The target `local`: this machine as a cluster. */
import type { Target } from "../../components/target.ts";
import { TenantDatabase } from "../shared/database.ts";
import { StackSecrets } from "../shared/secrets.ts";
import { LocalCompute } from "./compute.ts";
import { LocalDns } from "./dns.ts";
import { LocalNetwork } from "./network.ts";

export const localTarget: Target = {
  Secrets: StackSecrets,
  Database: TenantDatabase,
  Network: LocalNetwork,
  Compute: LocalCompute,
  Dns: LocalDns,
};

/** The target `kubernetes`: pods in a namespace of the deployment's own. */
import type { Target } from "../../components/target.ts";
import { TenantDatabase } from "../shared/database.ts";
import { StackSecrets } from "../shared/secrets.ts";
import { KubernetesCompute } from "./compute.ts";
import { KubernetesDns } from "./dns.ts";
import { KubernetesNetwork } from "./network.ts";

export const kubernetesTarget: Target = {
  Secrets: StackSecrets,
  Database: TenantDatabase,
  Network: KubernetesNetwork,
  Compute: KubernetesCompute,
  Dns: KubernetesDns,
};

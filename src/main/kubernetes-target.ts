/** Kubernetes clusters as workers and the plain CLI see them: each deployment's environment opened when it is needed. */
import { createAdminConnection } from "../automation/targets/database-server/admin-connection.ts";
import { createKubernetesDriver } from "../automation/targets/kubernetes/driver.ts";
import type { ClusterWaits } from "../automation/targets/kubernetes/waits.ts";
import type { TargetDriver } from "../automation/worker/target-driver.ts";
import { appImage } from "../domain/app-images.ts";
import { kubeconfigText } from "../domain/cluster-access.ts";
import { findAppsFolder, readPackageSource } from "../local/packages/apps-folder.ts";
import type { Installation } from "./installation.ts";
import { openKubernetesPlaces } from "./kubernetes-places.ts";

/**
 * Puts the parts together; nothing is asked of anybody yet.
 * @param waits how long operations wait for a cluster, where that is not as usual
 */
export function createKubernetesTarget(
  installation: Pick<Installation, "store" | "dataKeys">,
  openPlace = openKubernetesPlaces(installation),
  waits?: ClusterWaits,
): TargetDriver {
  return createKubernetesDriver({
    ...(waits && { waits }),
    async open({ identity: { environmentId } }) {
      const { placement, client, databaseUrl, access, cluster } = await openPlace(environmentId);
      return {
        placement,
        client,
        admin: createAdminConnection(databaseUrl),
        access: { databaseUrl, kubeconfig: kubeconfigText(access) },
        identity: cluster.identity,
      };
    },
    async imageOf(images, lock) {
      const { digest } = await readPackageSource(findAppsFolder(), lock);
      return appImage(images, lock, digest);
    },
  });
}

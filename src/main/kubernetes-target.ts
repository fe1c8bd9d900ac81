/** Kubernetes clusters as workers and the plain CLI see them: each deployment's environment opened when it is needed. */
import { createAdminConnection } from "../automation/targets/database-server/admin-connection.ts";
import { createKubernetesDriver } from "../automation/targets/kubernetes/driver.ts";
import type { TargetDriver } from "../automation/worker/target-driver.ts";
import { appImage } from "../domain/app-images.ts";
import { kubeconfigText } from "../domain/cluster-access.ts";
import { findAppsFolder, readPackageSource } from "../local/packages/apps-folder.ts";
import { readClusterPlace } from "../store/cluster-place.ts";
import { openClusters } from "./cluster-clients.ts";
import type { Installation } from "./installation.ts";

/** Puts the parts together; nothing is asked of anybody yet. */
export function createKubernetesTarget({ store, dataKeys }: Pick<Installation, "store" | "dataKeys">): TargetDriver {
  const clusters = openClusters();
  return createKubernetesDriver({
    async open({ identity: { environmentId } }) {
      const place = await store.asPlatform((db) => readClusterPlace(db, dataKeys, { environmentId }));
      return {
        placement: place.placement,
        client: await clusters.clientOf(place.cluster.id, place.access),
        admin: createAdminConnection(place.databaseUrl),
        access: { databaseUrl: place.databaseUrl, kubeconfig: kubeconfigText(place.access) },
      };
    },
    async imageOf(images, lock) {
      const { digest } = await readPackageSource(findAppsFolder(), lock);
      return appImage(images, lock, digest);
    },
  });
}

/** Credentials that end while an operation waits on a real cluster: it says so, and goes on with those it is given (issue 5). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openKubernetesPlaces } from "../../src/main/kubernetes-places.ts";
import { type DrivenDeployment, driveDeployment, process } from "../support/cluster/driven-deployment.ts";
import { installManifestAccount, type ManifestAccount } from "../support/cluster/manifest-account.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const NAMESPACE = "onvera-credentials-test";

let cluster: RunningCluster;
let account: ManifestAccount;
let server: TestServer;
let postgres: ScratchPostgres;
let driven: DrivenDeployment | undefined;

beforeAll(async () => {
  cluster = await testCluster();
  account = await installManifestAccount(cluster, NAMESPACE);
  [server, postgres] = await Promise.all([startTestServer(), startScratchPostgres()]);
});
afterAll(async () => {
  await driven?.remove();
  await account?.remove();
  await Promise.all([server?.close(), postgres?.stop()]);
});

test("an operation that waits when its token ends goes on with the new one, without being asked again (QV-03)", async () => {
  const { organizationId } = await server.addOrganization();
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  const { key } = await server.addKey({ organizationId, userId });
  const call = async (method: string, address: string, body: object) => {
    const answer = await server.call(method, `/api/v1/${address}`, { key, body });
    expect([answer.status < 300, answer.body.error]).toEqual([true, undefined]);
    return answer.body.data;
  };
  const { id: cluster_id } = await call("POST", "clusters", newCluster({ kubeconfig: account.kubeconfig }));
  const { id: environmentId } = await call("POST", "environments", { name: "Waiting", cluster_id });
  const { client } = await openKubernetesPlaces({ store: server.store, dataKeys: server.deps.dataKeys })(environmentId);
  driven = await driveDeployment(cluster, postgres, { client, powerState: "stopped" });
  const { said } = driven;
  await driven.apply(process("web", ["sleep", "3600"]));
  await driven.kubectl(["wait", "--for=condition=Available", "deployment/web", "--timeout=60s"]);

  const token = ["-n", NAMESPACE, "delete", "secret", "onvera-token"];
  await cluster.kubectl(token);
  const ends = async () =>
    client.raw("answer", { path: "/api/v1/nodes" }).then(
      () => false,
      ({ reason }) => reason === "unauthorized",
    );
  await until(ends, "the cluster takes the old token no more", 60);
  const waited = driven.driver.waitReady(driven.context, driven.io);
  await until(async () => /credentials are not valid.*tried again/.test(said.join("\n")), "the reader is told", 20);
  const renewed = await installManifestAccount(cluster, NAMESPACE);
  await call("PATCH", `clusters/${cluster_id}`, { kubeconfig: renewed.kubeconfig });
  await until(async () => said.some((line) => line.startsWith("Stopping web-")), "it sees the pods again", 30);
  await driven.kubectl(["scale", "deployment/web", "--replicas=0"]);
  await waited;
  expect(await driven.kubectl(["get", "pods", "-o", "name"])).toBe("");
}, 180_000);

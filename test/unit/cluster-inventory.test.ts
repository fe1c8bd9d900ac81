/** What a drift sweep learns of a whole cluster by lists of names, and when it learns nothing (P8, R8). */
import { describe, expect, it } from "vitest";
import type { AdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { type InventoryPlace, takeClusterInventory } from "../../src/automation/targets/kubernetes/inventory.ts";
import { DEPLOYMENT_LABEL, namespaceName } from "../../src/domain/kubernetes-names.ts";
import { databaseName, ownershipMark } from "../../src/domain/names.ts";
import type { RawCall } from "../../src/kubernetes/client.ts";
import { ClusterFailure } from "../../src/kubernetes/failure.ts";
import { NAMESPACE_TYPE } from "../../src/kubernetes/kinds.ts";

const [ours, other] = ["dep_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e", "dep_0192f3a1-7c55-7b7e-9d0a-000000000000"] as const;
const sought = [
  { deploymentId: ours, environmentId: "env_shared" },
  { deploymentId: other, environmentId: "env_own" },
];
const SERVICE = "kubernetes:core/v1:Service";

const object = (name: string, owner: string, namespace?: string) => ({
  metadata: { name, ...(namespace && { namespace }), labels: { [DEPLOYMENT_LABEL]: owner } },
});
const namespace = namespaceName(ours);
const items: Record<string, unknown[]> = {
  "/api/v1/namespaces": [object(namespace, ours)],
  "/api/v1/services": [object("web", ours, namespace), object("taken", other, namespace)],
};

/** A database server that holds one database with a mark; null for one that does not answer. */
const server = (owner: string | null): AdminConnection => ({
  async in(_database, work) {
    if (owner === null) throw new Error("nothing listens there");
    const rows = [{ name: databaseName(owner), mark: ownershipMark(owner) }];
    const query = async (statement: string) => ({ rows: statement.includes("pg_database") ? rows : [] });
    return work({ query } as never);
  },
});

interface Asked {
  calls: RawCall[];
  open(environmentId: string): Promise<InventoryPlace>;
}

function cluster(changes: { identity?: string; refused?: string; ownServer?: AdminConnection } = {}): Asked {
  const calls: RawCall[] = [];
  const client = {
    async raw(_doing: string, call: RawCall): Promise<unknown> {
      calls.push(call);
      const [path = ""] = call.path.split("?");
      if (path === "/api/v1/namespaces/kube-system") return { metadata: { uid: changes.identity ?? "the-cluster" } };
      if (path === changes.refused) throw new ClusterFailure("forbidden", "The cluster refused to list it.");
      return { metadata: {}, items: items[path] ?? null };
    },
  };
  return {
    calls,
    open: async (environmentId) => ({
      client,
      identity: "the-cluster",
      admin: environmentId === "env_shared" ? server(ours) : (changes.ownServer ?? server(other)),
      access: { databaseUrl: `postgres://${environmentId}` },
    }),
  };
}

describe("the inventory of a cluster (P8)", () => {
  it("holds what is there and carries its deployment's label, on the database server of its own environment too", async () => {
    const { holds } = await takeClusterInventory(cluster().open, sought);
    const asked = (type: string, physicalId: string, id: string = ours) => holds(id, { type, physicalId });
    expect(asked(NAMESPACE_TYPE, namespace)).toBe(true);
    expect(asked(NAMESPACE_TYPE, namespaceName(other), other)).toBe(false);
    expect(asked(SERVICE, `${namespace}/web`)).toBe(true);
    expect(asked(SERVICE, `${namespace}/taken`)).toBe(false);
    expect(asked(SERVICE, `${namespace}/gone`)).toBe(false);
    const database = "postgresql:index/database:Database";
    expect(asked(database, databaseName(ours))).toBe(true);
    expect(asked(database, databaseName(other), other)).toBe(true);
    expect(asked(database, databaseName(other))).toBe(false);
  });

  it("says nothing of Jobs that were done, nor of what no cluster holds", async () => {
    const { holds } = await takeClusterInventory(cluster().open, sought);
    for (const type of [
      "kubernetes:batch/v1:Job",
      "random:index/randomPassword:RandomPassword",
      "onvera:deployment:Dns",
    ]) {
      expect(holds(ours, { type, physicalId: `${namespace}/job-init-1` })).toBeUndefined();
    }
  });

  it("is one list for each kind however many deployments there are, of names and labels and no content (R8)", async () => {
    const { calls, open } = cluster();
    await takeClusterInventory(open, sought);
    const [identity, ...lists] = calls;
    expect(identity?.path).toBe("/api/v1/namespaces/kube-system");
    expect(lists).toHaveLength(new Set(lists.map(({ path }) => path.split("?")[0])).size);
    expect(lists.map(({ path }) => path.split("?")[0])).toEqual(
      expect.arrayContaining(["/api/v1/secrets", "/apis/apps/v1/deployments", "/api/v1/services"]),
    );
    for (const { path, metadataOnly } of lists) {
      expect(metadataOnly).toBe(true);
      expect(decodeURIComponent(path)).toContain(`labelSelector=${DEPLOYMENT_LABEL} in (${ours},${other})`);
    }
  });

  it("is none where one list is refused, or another cluster answers: nothing may be concluded then", async () => {
    const refused = takeClusterInventory(cluster({ refused: "/api/v1/services" }).open, sought);
    await expect(refused).rejects.toThrow("refused");
    const moved = takeClusterInventory(cluster({ identity: "another" }).open, sought);
    await expect(moved).rejects.toThrow("Another cluster answers");
  });

  it("says nothing of a database server that does not answer, and compares the rest", async () => {
    const { holds } = await takeClusterInventory(cluster({ ownServer: server(null) }).open, sought);
    const database = (id: string) =>
      holds(id, { type: "postgresql:index/database:Database", physicalId: databaseName(id) });
    expect([database(ours), database(other)]).toEqual([true, undefined]);
    expect(holds(other, { type: NAMESPACE_TYPE, physicalId: namespaceName(other) })).toBe(false);
  });
});

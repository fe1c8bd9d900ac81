/** A deployment's stack as the story of the pages shows it: components, what is in them, and what needs what. */
import type { Store } from "../../src/store/database.ts";

interface StoryResource {
  name: string;
  type: string;
  component?: string;
  needs?: readonly string[];
}

const stack: readonly StoryResource[] = [
  { name: "database", type: "onvera:app:Database" },
  { name: "secrets", type: "onvera:app:Secrets" },
  { name: "compute", type: "onvera:app:Compute" },
  { name: "network", type: "onvera:app:Network" },
  { name: "owner", type: "postgresql:index/role:Role", component: "database" },
  { name: "login-a", type: "postgresql:index/role:Role", component: "database", needs: ["owner"] },
  { name: "tenant", type: "postgresql:index/database:Database", component: "database", needs: ["owner"] },
  { name: "public-access", type: "postgresql:index/grant:Grant", component: "database", needs: ["tenant"] },
  { name: "session-key", type: "onvera:local:Secret", component: "secrets" },
  { name: "admin-password", type: "onvera:local:Secret", component: "secrets" },
  { name: "config", type: "onvera:local:ConfigFile", component: "compute", needs: ["tenant", "login-a"] },
  { name: "migration", type: "onvera:local:Job", component: "compute", needs: ["config", "public-access"] },
  {
    name: "web",
    type: "onvera:local:Process",
    component: "compute",
    needs: ["migration", "config", "session-key", "admin-password"],
  },
  { name: "worker", type: "onvera:local:Process", component: "compute", needs: ["migration", "config"] },
  { name: "route", type: "onvera:local:Route", component: "network", needs: ["web"] },
];

/** Writes the stack's resources down as a worker does. */
export async function recordStack(store: Store, deploymentId: string, organizationId: string): Promise<void> {
  const urnOf = (name: string) => {
    const found = stack.find((resource) => resource.name === name);
    return `urn:pulumi:${deploymentId}::onvera::${found?.type}::${name}`;
  };
  const isComponent = (name: string) => stack.some(({ component }) => component === name);
  await store.asPlatform((db) =>
    db
      .insertInto("deployment_resources")
      .values(
        stack.map(({ name, type, component, needs = [] }, index) => ({
          deployment_id: deploymentId,
          organization_id: organizationId,
          urn: urnOf(name),
          type,
          physical_id: isComponent(name) ? "" : `${name}-${deploymentId.slice(-6)}`,
          phase: isComponent(name) ? null : "provisioning_db",
          parent_urn: component === undefined ? null : urnOf(component),
          dependencies: needs.map(urnOf),
          first_seen_at: new Date(Date.now() + index),
        })),
      )
      .execute(),
  );
}

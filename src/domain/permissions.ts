/** Who may do what: one table that every route names an entry of and that the CLI reads. What is not here is refused. */

/** The documented five, then ours. A key has all of them unless it was restricted when it was made. */
export const scopes = [
  "deployments:read",
  "deployments:write",
  "deployments:delete",
  "operations:read",
  "org:read",
  "org:write",
  "operations:write",
  "credentials:read",
  "keys:read",
  "keys:write",
  "audit:read",
  "webhooks:read",
  "webhooks:write",
  "platform:read",
  "platform:write",
] as const;
export type Scope = (typeof scopes)[number];

/** From the least to the most; each role may do all that the ones before it may. */
export const roles = ["viewer", "developer", "admin", "owner"] as const;
export type Role = (typeof roles)[number];

export interface PermissionFacts {
  scope: Scope;
  /** The least role that has it; `operator` is the platform operator, whatever the role. */
  role: Role | "operator";
  /** Whether the platform operator has it without that role. */
  orOperator?: true;
}

export const permissions = {
  "deployments.create": { scope: "deployments:write", role: "developer" },
  "deployments.read": { scope: "deployments:read", role: "viewer" },
  "deployments.update": { scope: "deployments:write", role: "developer" },
  "deployments.control": { scope: "deployments:write", role: "developer" },
  "deployments.plan": { scope: "deployments:read", role: "developer" },
  "deployments.logs": { scope: "deployments:read", role: "developer" },
  "deployments.credentials": { scope: "credentials:read", role: "developer" },
  "deployments.destroy": { scope: "deployments:delete", role: "developer" },
  "deployments.pulumi": { scope: "platform:write", role: "operator" },
  "deployments.state": { scope: "platform:read", role: "operator" },
  // Of a cluster that is gone: what may still be there is then the owner's to clear up.
  "deployments.abandon": { scope: "deployments:delete", role: "owner", orOperator: true },
  "operations.read": { scope: "operations:read", role: "viewer" },
  "operations.cancel": { scope: "operations:write", role: "developer" },
  "environments.read": { scope: "org:read", role: "viewer" },
  // Everyone may ask; tenants are told that environments are the system's (TN-1), the operator needs the entry below.
  "environments.write": { scope: "org:read", role: "viewer" },
  "environments.manage": { scope: "platform:write", role: "operator" },
  "organizations.read": { scope: "org:read", role: "viewer" },
  "organizations.create": { scope: "platform:write", role: "operator" },
  "organizations.limit": { scope: "platform:write", role: "operator" },
  "projects.read": { scope: "org:read", role: "viewer" },
  "projects.write": { scope: "org:write", role: "admin" },
  "members.read": { scope: "org:read", role: "viewer" },
  "members.write": { scope: "org:write", role: "admin" },
  // Going is everybody's own affair; the handler keeps it to the caller.
  "members.leave": { scope: "org:write", role: "viewer" },
  "members.transfer": { scope: "org:write", role: "owner" },
  "access.explain": { scope: "org:read", role: "viewer" },
  "access.read": { scope: "org:read", role: "viewer" },
  "access.sync": { scope: "deployments:write", role: "developer" },
  "clusters.read": { scope: "org:read", role: "viewer" },
  // An organization's own cluster is its owner's; one that all share needs the entry below.
  "clusters.write": { scope: "org:write", role: "owner", orOperator: true },
  "clusters.manage": { scope: "platform:write", role: "operator" },
  "workers.read": { scope: "platform:read", role: "operator" },
  "metrics.read": { scope: "platform:read", role: "operator" },
  "workers.manage": { scope: "platform:write", role: "operator" },
  "api_keys.read": { scope: "keys:read", role: "viewer" },
  "api_keys.write": { scope: "keys:write", role: "viewer" },
  "service_accounts.read": { scope: "org:read", role: "viewer" },
  "service_accounts.write": { scope: "org:write", role: "admin" },
  "service_accounts.list_keys": { scope: "keys:read", role: "admin" },
  "service_accounts.make_keys": { scope: "keys:write", role: "admin" },
  // Each sees and ends their own; the handler keeps it to the caller.
  "sessions.read": { scope: "keys:read", role: "viewer" },
  "sessions.write": { scope: "keys:write", role: "viewer" },
  "webhooks.read": { scope: "webhooks:read", role: "admin" },
  "webhooks.write": { scope: "webhooks:write", role: "admin" },
  "sso.read": { scope: "org:read", role: "admin" },
  "sso.write": { scope: "org:write", role: "owner" },
  "audit.read": { scope: "audit:read", role: "admin" },
  "apps.read": { scope: "org:read", role: "viewer" },
} as const satisfies Record<string, PermissionFacts>;

export type Permission = keyof typeof permissions;

/** What a caller brings: `scopes` undefined means unrestricted (a signed-in person, or a key made without restriction). */
export interface Grants {
  role: Role | undefined;
  isOperator: boolean;
  scopes: readonly string[] | undefined;
}

export type Verdict = "allowed" | "scope-missing" | "role-missing";

/** Whether a caller may use a permission; says which half is missing when not. */
export function judge(permission: Permission, grants: Grants): Verdict {
  const facts: PermissionFacts = permissions[permission];
  if (grants.scopes !== undefined && !grants.scopes.includes(facts.scope)) return "scope-missing";
  if (facts.role === "operator") return grants.isOperator ? "allowed" : "role-missing";
  if (facts.orOperator && grants.isOperator) return "allowed";
  return grants.role !== undefined && reaches(grants.role, facts.role) ? "allowed" : "role-missing";
}

/** Whether `role` is at least `least`. */
export function reaches(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}

/** The scopes a caller can use at all, in the table's order; what an unrestricted key amounts to. */
export function scopesOf(grants: Pick<Grants, "role" | "isOperator">): Scope[] {
  const names = Object.keys(permissions) as Permission[];
  const usable = new Set(
    names
      .filter((name) => judge(name, { ...grants, scopes: undefined }) === "allowed")
      .map((n) => permissions[n].scope),
  );
  return scopes.filter((scope) => usable.has(scope));
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effectiveRole, membershipRefusal, projectRoles } from "../../src/domain/membership.ts";
import { judge, type Permission, permissions, reaches, roles, scopes, scopesOf } from "../../src/domain/permissions.ts";

const names = Object.keys(permissions) as Permission[];

describe("permissions", () => {
  it("each role may do all that the roles before it may", () => {
    for (const name of names) {
      const allowed = roles.map((role) => judge(name, { role, isOperator: false, scopes: undefined }) === "allowed");
      expect([name, allowed]).toEqual([name, [...allowed].sort((a, b) => Number(a) - Number(b))]);
    }
  });

  it("nobody without a role may do anything, and no role makes an operator", () => {
    for (const name of names) {
      expect(judge(name, { role: undefined, isOperator: false, scopes: undefined })).toBe("role-missing");
      if (permissions[name].role === "operator") {
        expect(judge(name, { role: "owner", isOperator: false, scopes: undefined })).toBe("role-missing");
      }
    }
  });

  it("a restricted key needs the scope, whoever holds it", () => {
    for (const name of names) {
      expect(judge(name, { role: "owner", isOperator: true, scopes: [] })).toBe("scope-missing");
      expect(judge(name, { role: "owner", isOperator: true, scopes: [permissions[name].scope] })).toBe("allowed");
    }
  });

  it("viewers change nothing of a deployment", () => {
    const viewer = { role: "viewer", isOperator: false, scopes: undefined } as const;
    const allowed = names.filter((name) => judge(name, viewer) === "allowed");
    expect(
      allowed.filter((name) => /deployments\.(create|update|control|destroy|credentials|pulumi)/.test(name)),
    ).toEqual([]);
  });

  it("platform scopes are the operator's alone; every scope is somebody's", () => {
    expect(scopesOf({ role: "owner", isOperator: false }).filter((scope) => scope.startsWith("platform:"))).toEqual([]);
    expect(scopesOf({ role: "owner", isOperator: true })).toEqual([...scopes]);
    expect(scopesOf({ role: undefined, isOperator: false })).toEqual([]);
  });

  it("a project role never takes anything away (QV-07)", () => {
    for (const organizationRole of roles) {
      for (const projectRole of projectRoles) {
        const role = effectiveRole(organizationRole, projectRole);
        expect(reaches(role, organizationRole) && reaches(role, projectRole)).toBe(true);
        for (const name of names) {
          const grants = { isOperator: false, scopes: undefined };
          if (judge(name, { ...grants, role: organizationRole }) !== "allowed") continue;
          expect(judge(name, { ...grants, role })).toBe("allowed");
        }
      }
    }
  });

  it("never grow when something is taken away: a role, a role in a project, a scope, being the operator (QV-02, R7)", () => {
    const grants = fc.record({
      organization: fc.constantFrom(undefined, ...roles),
      project: fc.constantFrom(undefined, ...projectRoles),
      isOperator: fc.boolean(),
      scopes: fc.option(fc.subarray([...scopes]), { nil: undefined }),
    });
    type Given = typeof grants extends fc.Arbitrary<infer T> ? T : never;
    const allowed = ({ organization, project, isOperator, scopes: given }: Given) => {
      const role = organization && effectiveRole(organization, project);
      return names.filter((name) => judge(name, { role, isOperator, scopes: given }) === "allowed");
    };
    fc.assert(
      fc.property(grants, fc.nat(), (before, at) => {
        const lower = before.organization && roles[roles.indexOf(before.organization) - 1];
        const less = [
          { ...before, organization: undefined },
          { ...before, organization: lower },
          { ...before, project: undefined },
          { ...before, isOperator: false },
          { ...before, scopes: (before.scopes ?? scopes).filter((_, index, all) => index !== at % all.length) },
        ];
        for (const after of less) expect(allowed(before)).toEqual(expect.arrayContaining(allowed(after)));
      }),
      { numRuns: 500 },
    );
  });

  it("nobody gives or takes a role above their own (QV-02)", () => {
    expect(membershipRefusal("admin", { from: "viewer", to: "owner" })).toBe("This needs role owner or above");
    expect(membershipRefusal("admin", { from: "owner", to: undefined })).toBe("This needs role owner or above");
    expect(membershipRefusal("admin", { from: "viewer", to: "admin" })).toBeUndefined();
    expect(membershipRefusal(undefined, { from: undefined, to: "viewer" })).toBe("This needs role viewer or above");
  });

  it("orders roles from viewer to owner", () => {
    expect(reaches("owner", "viewer")).toBe(true);
    expect(reaches("viewer", "developer")).toBe(false);
    expect(reaches("admin", "admin")).toBe(true);
  });
});

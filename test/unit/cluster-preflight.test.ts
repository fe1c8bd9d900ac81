/** What a check of a cluster makes of what it hears (issue 5). */
import { describe, expect, it } from "vitest";
import {
  clusterManifest,
  clusterPermissions,
  missingPermissions,
  permissionLines,
} from "../../src/domain/cluster-permissions.ts";
import { isFit, missing, ok, type PreflightFinding, unknown } from "../../src/domain/preflight-report.ts";
import { versionFinding } from "../../src/kubernetes/preflight/api-checks.ts";
import { databaseRights } from "../../src/server/services/database-rights.ts";

const rulesWithout = (resource: string) =>
  clusterPermissions.map((rule) => ({ ...rule, resources: rule.resources.filter((name) => name !== resource) }));

describe("permissions", () => {
  it("of the manifest's own rules lack nothing: one table grants and asks (QV-05)", () => {
    const role = clusterManifest("onvera-system").find((object) => "rules" in object) as { rules: [] };
    expect(missingPermissions(role.rules)).toEqual([]);
    expect(missingPermissions([{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }])).toEqual([]);
  });

  it("that are missing are named, resource by resource", () => {
    const rules = rulesWithout("networkpolicies").map((rule) =>
      rule.resources.includes("pods/log") ? { ...rule, verbs: [] } : rule,
    );
    expect(permissionLines(missingPermissions(rules))).toEqual([
      "pods/log: get",
      "networkpolicies.networking.k8s.io: get, list, watch, create, update, patch, delete",
    ]);
  });

  it("for single objects are of no use for what is yet to be made", () => {
    const rule = { apiGroups: ["*"], resources: ["*"], resourceNames: ["one"], verbs: ["*"] };
    expect(missingPermissions([rule]).length).toBeGreaterThan(50);
  });

  it("hold no star, no escalation and no impersonation: the least that will do (R9)", () => {
    const verbs = clusterPermissions.flatMap((rule) => rule.verbs);
    expect(verbs.filter((verb) => /\*|escalate|bind|impersonate|deletecollection/.test(verb))).toEqual([]);
    const resources = clusterPermissions.flatMap((rule) => rule.resources);
    expect(resources.filter((name) => /\*|exec|clusterrole|proxy|persistentvolumes$/.test(name))).toEqual([]);
  });
});

describe("a report", () => {
  it.each([
    ["v1.28.9", "missing"],
    ["v1.29.0", "ok"],
    ["v1.34.1", "ok"],
    ["v1.34.1+k3s1", "ok"],
    ["v1.35.0", "unknown"],
    ["v2.0.0", "missing"],
    ["nonsense", "unknown"],
  ])("calls version %s %s", (version, result) => {
    expect(versionFinding(version).result).toBe(result);
  });

  it("is fit when nothing that deployments need is missing", () => {
    const of = (...findings: PreflightFinding[]) => isFit({ checked_at: "", version: null, findings });
    expect(of(ok("version", ""), unknown("network_policy", ""))).toBe(true);
    expect(of(ok("version", ""), missing("metrics", "", ""))).toBe(true);
    expect(of(ok("version", ""), missing("ingress_class", "", ""))).toBe(false);
  });

  it("says when the database server does not answer, without the password (R8)", async () => {
    const finding = await databaseRights("postgresql://admin:hidden@127.0.0.1:1/x");
    expect(finding.result).toBe("missing");
    expect(JSON.stringify(finding)).not.toContain("hidden");
  });
});

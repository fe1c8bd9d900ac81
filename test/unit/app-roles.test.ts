import { describe, expect, it } from "vitest";
import { appRoles, managedAppRoles, memberAppRole } from "../../src/domain/app-roles.ts";
import { appTypes } from "../../src/domain/deployment-spec.ts";
import { roles } from "../../src/domain/permissions.ts";
import { redirectUri, signInAddress, signInUrl } from "../../src/domain/sign-in.ts";

describe("a role of Onvera inside an app", () => {
  it("is one for every app and role, and Admin for who administers alone (ON-22)", () => {
    for (const app of appTypes) {
      for (const role of roles) {
        expect([app, role, memberAppRole(app, role) === "Admin"]).toEqual([
          app,
          role,
          ["owner", "admin"].includes(role),
        ]);
      }
      expect(managedAppRoles(app).sort()).toEqual([...new Set(Object.values(appRoles[app]))].sort());
    }
  });

  it("is the higher one of organization and project (QV-07)", () => {
    for (const app of appTypes) {
      expect(memberAppRole(app, "viewer", "developer")).toBe(appRoles[app].developer);
      expect(memberAppRole(app, "admin", "viewer")).toBe(appRoles[app].admin);
    }
  });

  it("is nothing in an app that has no people", () => {
    expect(memberAppRole("bench", "owner")).toBeUndefined();
    expect(memberAppRole("toString", "owner")).toBeUndefined();
  });
});

describe("the addresses of a sign-in", () => {
  it("stay within the deployment's own host (F21)", () => {
    for (const app of appTypes) {
      for (const address of [signInUrl(app, "http://a.localhost:8"), redirectUri(app, "http://a.localhost:8")]) {
        expect(new URL(address).origin).toBe("http://a.localhost:8");
      }
    }
  });

  it("name the issuer as browsers reach it, and another way for apps", () => {
    expect(signInAddress("https://onvera.example/", "http://127.0.0.1:7600")).toEqual({
      issuer: "https://onvera.example/oidc",
      internal: "http://127.0.0.1:7600/oidc",
    });
  });
});

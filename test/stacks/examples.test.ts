import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { appCatalog } from "../../src/domain/app-catalog.ts";
import { AppType, DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { workloadFor } from "../../src/stacks/apps/registry.ts";
import { checkWorkload } from "../../src/stacks/workload-check.ts";
import { input } from "./fixtures.ts";

const folder = new URL("../../examples/", import.meta.url);
const bodies = readdirSync(folder).filter((name) => name.endsWith(".json"));
const Body = z.looseObject({ app_type: AppType, name: z.string() });

describe("an example", () => {
  it.each(bodies)("%s describes a deployment that can be rendered (ON-06, ON-41)", (file) => {
    const {
      app_type: appType,
      name,
      ...settings
    } = Body.parse(JSON.parse(readFileSync(new URL(file, folder), "utf8")));
    const [{ version }] = appCatalog[appType].versions;
    const spec = DeploymentSpec.parse({ version, size: "small", power_state: "running", ...settings });
    const workload = workloadFor(spec, { ...input().identity, appType, name });
    expect(() => checkWorkload(workload, new Set(workload.secrets))).not.toThrow();
  });

  it("exists for every app", () => {
    expect(bodies).toEqual(
      Object.keys(appCatalog)
        .map((app) => `${app}.json`)
        .sort(),
    );
  });
});

import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { TargetContext } from "../../src/domain/program-input.ts";
import type { Target } from "../../src/stacks/components/target.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { deploymentId, input } from "./fixtures.ts";
import { record } from "./recorder.ts";

/** A cluster kind nobody has, to show that a target is one folder and the program knows none. */
const elsewhere: Target = {
  Secrets: class extends pulumi.ComponentResource {
    readonly adminPassword = pulumi.secret("admin-password");
    readonly loginPasswords = { a: pulumi.secret("a"), b: pulumi.secret("b") };
    readonly custody = { secret_key: pulumi.secret("k") };
    constructor(name: string, _args: unknown, opts?: pulumi.ComponentResourceOptions) {
      super("onvera:deployment:Secrets", name, {}, opts);
    }
  },
  Database: class extends pulumi.ComponentResource {
    readonly host = pulumi.output("db.elsewhere");
    readonly port = pulumi.output(5432);
    readonly database = pulumi.output("theirs");
    readonly username = pulumi.output("user");
    readonly password = pulumi.secret("a");
    constructor(name: string, _args: unknown, opts?: pulumi.ComponentResourceOptions) {
      super("onvera:deployment:Database", name, {}, opts);
    }
  },
  Network: class extends pulumi.ComponentResource {
    readonly ports = pulumi.output<Record<string, number>>({ web: 80 });
    constructor(name: string, _args: unknown, opts?: pulumi.ComponentResourceOptions) {
      super("onvera:deployment:Network", name, {}, opts);
    }
  },
  Compute: class extends pulumi.ComponentResource {
    readonly processes = pulumi.output(["web"]);
    constructor(name: string, args: { secrets: object }, opts?: pulumi.ComponentResourceOptions) {
      super("onvera:deployment:Compute", name, {}, opts);
      new pulumi.ComponentResource("elsewhere:test:Pods", `${name}-pods`, { ...args.secrets }, { parent: this });
    }
  },
  Dns: class extends pulumi.ComponentResource {
    readonly host: pulumi.Output<string>;
    readonly url: pulumi.Output<string>;
    constructor(name: string, { context }: { context: TargetContext }, opts?: pulumi.ComponentResourceOptions) {
      super("onvera:deployment:Dns", name, {}, opts);
      this.host = pulumi.output(context.host);
      this.url = pulumi.output(context.publicUrl);
    }
  },
};

describe("a target", () => {
  it("is all a new kind of cluster needs: the program wires it without a resource of its own (ON-19)", async () => {
    const { resources, outputs } = await record(deploymentProgram(input(), elsewhere));
    expect(resources.map(({ name }) => name)).toEqual([
      "secrets",
      "database",
      "network",
      "compute",
      "dns",
      "compute-pods",
    ]);
    expect(outputs).toMatchObject({ database: "theirs", host: "my-superset-abc123.localhost" });
    expect(JSON.stringify(resources)).not.toContain(deploymentId);
  });
});

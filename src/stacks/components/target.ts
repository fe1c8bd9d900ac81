/** A target: one implementation of the five components for one kind of cluster. */
import type * as pulumi from "@pulumi/pulumi";
import type { Compute, ComputeArgs } from "./compute.ts";
import type { Database, DatabaseArgs } from "./database.ts";
import type { Dns, DnsArgs } from "./dns.ts";
import type { Network, NetworkArgs } from "./network.ts";
import type { Secrets, SecretsArgs } from "./secrets.ts";

type ComponentClass<Args, Component> = new (
  name: string,
  args: Args,
  opts?: pulumi.ComponentResourceOptions,
) => Component;

export interface Target {
  Secrets: ComponentClass<SecretsArgs, Secrets>;
  Database: ComponentClass<DatabaseArgs, Database>;
  Network: ComponentClass<NetworkArgs, Network>;
  Compute: ComponentClass<ComputeArgs, Compute>;
  Dns: ComponentClass<DnsArgs, Dns>;
}

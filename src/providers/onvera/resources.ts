/** Resource classes of the `onvera` package, one per type token. What they take and give is written in types.ts. */
import * as pulumi from "@pulumi/pulumi";
import { onveraTypes } from "./types.ts";

type Input<T> = pulumi.Input<T>;
type Options = pulumi.CustomResourceOptions;

interface OfDeployment {
  deploymentId: Input<string>;
}

interface OfRevision extends OfDeployment {
  revision: Input<string>;
  digest: Input<string>;
}

interface PartOfRevision extends OfRevision {
  name: Input<string>;
}

/** The deployment's own uid and folders on its node. Deleting it removes the data folder. */
export class LocalIdentity extends pulumi.CustomResource {
  declare readonly deploymentId: pulumi.Output<string>;
  declare readonly uid: pulumi.Output<number>;
  declare readonly home: pulumi.Output<string>;
  constructor(name: string, args: OfDeployment, opts?: Options) {
    super(onveraTypes.identity, name, { ...args, uid: undefined, home: undefined }, opts);
  }
}

/** Loopback ports by name, leased until the deployment goes. */
export class LocalPorts extends pulumi.CustomResource {
  declare readonly ports: pulumi.Output<Record<string, number>>;
  constructor(name: string, args: OfDeployment & { names: Input<Input<string>[]> }, opts?: Options) {
    super(onveraTypes.ports, name, { ...args, ports: undefined }, opts);
  }
}

/** Secrets as 0600 files. */
export class LocalSecrets extends pulumi.CustomResource {
  constructor(name: string, args: OfDeployment & { secrets: Input<Record<string, Input<string>>> }, opts?: Options) {
    super(onveraTypes.secrets, name, { ...args, secrets: pulumi.secret(args.secrets) }, opts);
  }
}

/** The app's installed code: a shared locked environment, with an overlay for what this deployment adds. */
export class LocalPackage extends pulumi.CustomResource {
  constructor(
    name: string,
    args: OfDeployment & { lock: Input<string>; extraRequirements: Input<Input<string>[]> },
    opts?: Options,
  ) {
    super(onveraTypes.package, name, { ...args }, opts);
  }
}

/** The revision's configuration files. */
export class LocalFiles extends pulumi.CustomResource {
  constructor(name: string, args: OfRevision, opts?: Options) {
    super(onveraTypes.files, name, { ...args }, opts);
  }
}

/** The workload's git source; fetched when made and whenever the digest changes. */
export class LocalSource extends pulumi.CustomResource {
  declare readonly commit: pulumi.Output<string>;
  constructor(name: string, args: OfRevision, opts?: Options) {
    super(onveraTypes.source, name, { ...args, commit: undefined }, opts);
  }
}

/** A job that is run, and awaited, when made and whenever its digest changes. */
export class LocalJob extends pulumi.CustomResource {
  declare readonly exitCode: pulumi.Output<number>;
  declare readonly durationMilliseconds: pulumi.Output<number>;
  constructor(name: string, args: PartOfRevision & { phase: Input<string> }, opts?: Options) {
    super(onveraTypes.job, name, { ...args, exitCode: undefined, durationMilliseconds: undefined }, opts);
  }
}

/** Wanted state of one process; readiness is looked at outside the engine. */
export class LocalProcess extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  constructor(name: string, args: PartOfRevision, opts?: Options) {
    super(onveraTypes.process, name, { ...args }, opts);
  }
}

/** A host name at the gateway that leads to a named port. */
export class LocalRoute extends pulumi.CustomResource {
  declare readonly host: pulumi.Output<string>;
  constructor(name: string, args: OfDeployment & { host: Input<string>; port: Input<string> }, opts?: Options) {
    super(onveraTypes.route, name, { ...args }, opts);
  }
}

/** One small, real side effect for benchmarks and crash tests. */
export class BenchItem extends pulumi.CustomResource {
  constructor(name: string, args: { name: Input<string>; size: Input<number> }, opts?: Options) {
    super(onveraTypes.benchItem, name, { ...args }, opts);
  }
}

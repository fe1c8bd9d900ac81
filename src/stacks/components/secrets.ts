/** Secrets: the passwords a deployment is born with, beside the long-lived keys that come in from custody. */
import type * as pulumi from "@pulumi/pulumi";

export interface SecretsArgs {
  /** Keys that outlive the stack, by name (NH-07). */
  custody: Record<string, pulumi.Input<string>>;
}

export interface Secrets extends pulumi.ComponentResource {
  /** Password of the app's first administrator; never changes once made. */
  readonly adminPassword: pulumi.Output<string>;
  /** Passwords of the two database logins. */
  readonly loginPasswords: Record<"a" | "b", pulumi.Output<string>>;
  /** The custody keys again, marked as secret. */
  readonly custody: Record<string, pulumi.Output<string>>;
}

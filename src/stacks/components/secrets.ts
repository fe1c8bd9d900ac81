/** Secrets: the passwords a deployment is born with, beside the long-lived keys that come in from custody. */
import type * as pulumi from "@pulumi/pulumi";
import type { DatabaseLogin, LoginSide } from "../../domain/database-logins.ts";

export interface SecretsArgs {
  /** Keys that outlive the stack, by name (NH-07). */
  custody: Record<string, pulumi.Input<string>>;
  /** Each generation of a login has a password of its own. */
  logins: Record<LoginSide, DatabaseLogin>;
}

export interface Secrets extends pulumi.ComponentResource {
  /** Password of the app's first administrator; never changes once made. */
  readonly adminPassword: pulumi.Output<string>;
  /** Passwords of the two database logins. */
  readonly loginPasswords: Record<LoginSide, pulumi.Output<string>>;
  /** The custody keys again, marked as secret. */
  readonly custody: Record<string, pulumi.Output<string>>;
}

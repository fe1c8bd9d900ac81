/** Secrets in the stack's own state: passwords made once in the stack, long-lived keys passed through. */
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import type { DatabaseLogin, LoginSide } from "../../../domain/database-logins.ts";
import type { Secrets, SecretsArgs } from "../../components/secrets.ts";

/** A changed input would draw a new password, and every client of the old one would fail. */
const creationOnly = [
  "keepers",
  "length",
  "lower",
  "minLower",
  "minNumeric",
  "minSpecial",
  "minUpper",
  "number",
  "numeric",
  "overrideSpecial",
  "special",
  "upper",
];

export class StackSecrets extends pulumi.ComponentResource implements Secrets {
  readonly adminPassword: pulumi.Output<string>;
  readonly loginPasswords: Record<LoginSide, pulumi.Output<string>>;
  readonly custody: Record<string, pulumi.Output<string>>;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Secrets", name, {}, opts);
    // Letters and digits only: they pass through URLs, files and shells unescaped; 32 of them hold 190 bits.
    const password = (suffix: string) =>
      pulumi.secret(
        new RandomPassword(
          `${name}-${suffix}`,
          { length: 32, special: false },
          { parent: this, ignoreChanges: creationOnly },
        ).result,
      );
    this.adminPassword = password("admin-password");
    const login = (side: LoginSide) => password(loginPasswordName(side, args.logins[side]));
    this.loginPasswords = { a: login("a"), b: login("b") };
    this.custody = Object.fromEntries(Object.entries(args.custody).map(([key, value]) => [key, pulumi.secret(value)]));
    this.registerOutputs({ adminPassword: this.adminPassword });
  }
}

/** A name of its own per generation: the new password is made before the old one goes, and none is replaced. */
const loginPasswordName = (side: LoginSide, { generation }: DatabaseLogin): string =>
  generation === 0 ? `login-${side}-password` : `login-${side}-password-${generation}`;

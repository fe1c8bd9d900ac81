/** Database: one database and its own roles, shared with nobody (ON-10, ON-28). */
import type * as pulumi from "@pulumi/pulumi";
import type { DatabaseLogin, LoginSide } from "../../domain/database-logins.ts";

export interface DatabaseArgs {
  deploymentId: string;
  /** The server as the app reaches it. */
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
  /** Pre-migrated database to clone at creation; later changes are ignored, because they would replace the data. @default an empty database */
  template?: pulumi.Input<string> | undefined;
  loginPasswords: Record<LoginSide, pulumi.Input<string>>;
  /** Which login the app uses. */
  login: LoginSide;
  /** Which of them may log in. */
  logins: Record<LoginSide, DatabaseLogin>;
  /** CONNECTION LIMIT of each login. */
  connectionLimit: pulumi.Input<number>;
}

export interface Database extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  /** Known only once the database is closed to everybody else. */
  readonly database: pulumi.Output<string>;
  readonly username: pulumi.Output<string>;
  readonly password: pulumi.Output<string>;
}

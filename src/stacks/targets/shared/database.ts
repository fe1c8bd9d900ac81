/** Database on a PostgreSQL server, this machine's or a cluster's: an owner nobody can log in as, two logins, one database closed to the public. */
import { Database as PostgresqlDatabase } from "@pulumi/postgresql/database.js";
import { Grant } from "@pulumi/postgresql/grant.js";
import { Role } from "@pulumi/postgresql/role.js";
import * as pulumi from "@pulumi/pulumi";
import type { LoginSide } from "../../../domain/database-logins.ts";
import { databaseName, loginRoleName, ownerRoleName } from "../../../domain/names.ts";
import type { Database, DatabaseArgs } from "../../components/database.ts";

/** Each of these replaces the database when it changes: they are read at creation and never again. */
const creationOnly = ["name", "owner", "template", "encoding", "lcCollate", "lcCtype", "tablespaceName"];

/** What the template has; any other locale cannot be cloned from it. */
const AS_TEMPLATE = "DEFAULT";

export class TenantDatabase extends pulumi.ComponentResource implements Database {
  readonly host: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  readonly database: pulumi.Output<string>;
  readonly username: pulumi.Output<string>;
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Database", name, {}, opts);
    const role = { parent: this, ignoreChanges: ["name"] };
    const owner = new Role(`${name}-owner`, { name: ownerRoleName(args.deploymentId), login: false }, role);
    const login = (side: LoginSide) =>
      new Role(
        `${name}-login-${side}`,
        {
          name: loginRoleName(args.deploymentId, side),
          login: args.logins[side].enabled,
          password: args.loginPasswords[side],
          connectionLimit: args.connectionLimit,
          roles: [owner.name],
          // Whatever a login makes belongs to the owner, so that a change of login leaves nothing behind.
          assumeRole: owner.name,
        },
        role,
      );
    const logins = { a: login("a"), b: login("b") };
    const database = new PostgresqlDatabase(
      `${name}-db`,
      {
        name: databaseName(args.deploymentId),
        owner: owner.name,
        template: args.template ?? "template0",
        encoding: AS_TEMPLATE,
        lcCollate: AS_TEMPLATE,
        lcCtype: AS_TEMPLATE,
        alterObjectOwnership: true,
      },
      { parent: this, ignoreChanges: creationOnly },
    );
    const closed = new Grant(
      `${name}-public`,
      { database: database.name, role: "public", objectType: "database", privileges: [] },
      { parent: this },
    );

    const inUse = logins[args.login];
    this.host = pulumi.output(args.host);
    this.port = pulumi.output(args.port);
    this.database = pulumi.all([database.name, closed.id]).apply(([text]) => text);
    this.username = inUse.name;
    this.password = pulumi.secret(args.loginPasswords[args.login]);
    this.registerOutputs({ database: this.database, username: this.username });
  }
}

/**
 * The two logins of a deployment's database and how they take turns. Each rotation hands the app over to the other login
 * with a password made for it, so that both work for a while and nothing is cut off.
 */
import type { DeploymentSpec } from "./deployment-spec.ts";

export const loginSides = ["a", "b"] as const;
export type LoginSide = (typeof loginSides)[number];

/** What a spec says of its logins. */
export type LoginTurn = Pick<DeploymentSpec, "database_login" | "database_rotation">;

export interface DatabaseLogin {
  /** Whether it may log in. */
  enabled: boolean;
  /** Number of the rotation its password was made in; another number is another password. */
  generation: number;
}

/**
 * Both logins of a spec. The one that is not in use is locked and has a password nobody was given.
 * @param beside a spec whose login stays as it is for now, because processes still use it
 */
export function databaseLogins(turn: LoginTurn, beside?: LoginTurn): Record<LoginSide, DatabaseLogin> {
  const login = (side: LoginSide): DatabaseLogin => {
    if (side === turn.database_login) return { enabled: true, generation: turn.database_rotation };
    const kept = beside?.database_login === side;
    return { enabled: kept, generation: kept ? beside.database_rotation : turn.database_rotation };
  };
  return { a: login("a"), b: login("b") };
}

/** The spec in which the other login is in use. */
export const rotatedLogin = (spec: DeploymentSpec): DeploymentSpec => ({
  ...spec,
  database_login: spec.database_login === "a" ? "b" : "a",
  database_rotation: spec.database_rotation + 1,
});

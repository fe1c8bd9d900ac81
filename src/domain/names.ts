/** Every name the platform gives to a thing, made in one place so that recovery can compute it again. */
import { randomInt } from "node:crypto";

const LABEL_MAX = 63;
const SUFFIX_LENGTH = 6;
const SUFFIX_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

/**
 * The part of a host name that comes from a person's text: lower-case letters, digits and single dashes.
 * Accents fall away; what has no letter a host can carry becomes `fallback` (TN-13).
 */
export function slug(name: string, fallback: string): string {
  const text = name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LABEL_MAX - SUFFIX_LENGTH - 1)
    .replace(/^-+|-+$/g, "");
  return text === "" ? fallback : text;
}

/** Six characters that make a host unique (ON-29). A collision is resolved by drawing again. */
export function hostSuffix(draw: (max: number) => number = randomInt): string {
  return Array.from({ length: SUFFIX_LENGTH }, () => SUFFIX_ALPHABET[draw(SUFFIX_ALPHABET.length)]).join("");
}

/** `my-superset-abc123`: the host label of a deployment. */
export function hostLabel(name: string, appType: string, suffix: string): string {
  return `${slug(name, appType)}-${suffix}`;
}

/** Begins every ownership mark, so that another deployment's is known for one. */
export const OWNERSHIP_PREFIX = "onvera:";

/** The Pulumi project all deployment stacks belong to; a stack's name is its deployment's id. */
export const PROJECT_NAME = "onvera";

/** What marks a thing as a deployment's own, wherever the thing can carry a text: a comment, a label, a tag. */
export const ownershipMark = (deploymentId: string): string => `${OWNERSHIP_PREFIX}${deploymentId}`;

const bareId = (deploymentId: string): string => deploymentId.replace(/^dep_/, "").replaceAll("-", "");

/** `ov_<32 hex>`: the deployment's database. PostgreSQL names hold 63 octets. */
export const databaseName = (deploymentId: string): string => `ov_${bareId(deploymentId)}`;

/** Owns the database and cannot log in, so that a password rotation replaces nothing. */
export const ownerRoleName = (deploymentId: string): string => `ov_${bareId(deploymentId)}_owner`;

/** The two logins of a deployment; one is in use, the other is where a rotation goes. */
export const loginRoleName = (deploymentId: string, side: "a" | "b"): string => `ov_${bareId(deploymentId)}_${side}`;

/** Made from the app's real migration once per version, cloned for each deployment. */
export const templateDatabaseName = (app: string, version: string, lockDigest: string): string =>
  `ovt_${app}_${version.replace(/[^0-9a-z]/gi, "_")}_${lockDigest.slice(0, 10)}`;

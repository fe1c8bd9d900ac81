/** Where sealed values stand. The place is part of what a value is sealed with, so that it opens nowhere else. */
import type { SealedValue } from "../../domain/envelope.ts";

/** A sealed value inside a column's document. */
export interface SealedSpot {
  value: SealedValue;
  /** What it was sealed with as its place. */
  place: string;
  /** Puts another sealed value in its stead, into the document that was given. */
  replace(value: SealedValue): void;
}

export const custodyPlace = (ownerId: string, name: string, version: number): string =>
  `custody_secrets|${ownerId}|${name}|${version}`;

export const signingKeyPlace = (kid: string): string => `signing_keys|${kid}`;

export const idempotencyPlace = (organizationId: string, caller: string, route: string, key: string): string =>
  `idempotency_keys|${[organizationId, caller, route, key].join("|")}`;

export const webhookSecretPlace = (endpointId: string): string => `webhook_endpoints|${endpointId}|secret`;

export const providerSecretPlace = (organizationId: string): string =>
  `identity_providers|${organizationId}|client_secret`;

export const mailPlace = (mailId: string): string => `mails|${mailId}`;

export const installationPlace = (key: string): string => `installation|${key}`;

export const clusterAccessPlace = (clusterId: string): string => `clusters|${clusterId}|access`;

/** @param ownerId of the cluster, or of the environment that has its own */
export const databaseUrlPlace = (ownerId: string): string => `database_url|${ownerId}`;

export const providerRecordPlace = (id: string): string => `provider_records|${id}`;

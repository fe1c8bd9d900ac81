/** Every column that holds sealed values, and how to find them in a row. A rotation of the keys goes through this list. */
import type { SealedValue } from "../../domain/envelope.ts";
import type { Tables } from "../schema.ts";
import { planPlace, revisionPlace, sealedIn } from "../spec-seal.ts";
import {
  clusterAccessPlace,
  custodyPlace,
  databaseUrlPlace,
  idempotencyPlace,
  installationPlace,
  mailPlace,
  providerRecordPlace,
  providerSecretPlace,
  type SealedSpot,
  signingKeyPlace,
  webhookSecretPlace,
} from "./places.ts";

/** A row as the database gives it. */
export type Row = Readonly<Record<string, unknown>>;

export interface SealedColumn {
  table: keyof Tables;
  column: string;
  /** Columns of the primary key, in order; all hold text or whole numbers. */
  key: readonly string[];
  /** Further columns that tell the place. */
  also?: readonly string[];
  /** @param holder its member `document` is the column's value; replacing changes it */
  find(row: Row, holder: { document: unknown }): readonly SealedSpot[];
}

const text = (row: Row, column: string): string => String(row[column]);

/** The document is the sealed value itself. */
const whole =
  (place: (row: Row) => string): SealedColumn["find"] =>
  (row, holder) =>
    holder.document === null
      ? []
      : [
          {
            value: holder.document as SealedValue,
            place: place(row),
            replace: (value) => {
              holder.document = value;
            },
          },
        ];

export const sealedColumns: readonly SealedColumn[] = [
  {
    table: "custody_secrets",
    column: "sealed",
    key: ["owner_id", "name", "version"],
    find: whole((row) => custodyPlace(text(row, "owner_id"), text(row, "name"), Number(row.version))),
  },
  {
    table: "signing_keys",
    column: "sealed_private",
    key: ["kid"],
    find: whole((row) => signingKeyPlace(text(row, "kid"))),
  },
  {
    table: "provider_records",
    column: "sealed",
    key: ["id"],
    find: whole((row) => providerRecordPlace(text(row, "id"))),
  },
  {
    table: "idempotency_keys",
    column: "body",
    key: ["organization_id", "caller", "route", "key"],
    find: whole((row) =>
      idempotencyPlace(text(row, "organization_id"), text(row, "caller"), text(row, "route"), text(row, "key")),
    ),
  },
  {
    table: "clusters",
    column: "access",
    key: ["id"],
    find: whole((row) => clusterAccessPlace(text(row, "id"))),
  },
  ...(["clusters", "environments"] as const).map((table) => ({
    table,
    column: "database_url",
    key: ["id"],
    find: whole((row) => databaseUrlPlace(text(row, "id"))),
  })),
  {
    table: "webhook_endpoints",
    column: "secrets",
    key: ["id"],
    find: (row, { document }) =>
      (document as { sealed: SealedValue }[]).map((secret) => ({
        value: secret.sealed,
        place: webhookSecretPlace(text(row, "id")),
        replace: (value) => {
          secret.sealed = value;
        },
      })),
  },
  {
    table: "identity_providers",
    column: "sealed_secret",
    key: ["organization_id"],
    find: whole((row) => providerSecretPlace(text(row, "organization_id"))),
  },
  { table: "mails", column: "sealed", key: ["id"], find: whole((row) => mailPlace(text(row, "id"))) },
  {
    table: "installation",
    column: "value",
    key: ["key"],
    find: (row, { document }) => {
      const holder = document as { sealed?: SealedValue };
      if (holder.sealed === undefined) return [];
      const replace = (value: SealedValue) => {
        holder.sealed = value;
      };
      return [{ value: holder.sealed, place: installationPlace(text(row, "key")), replace }];
    },
  },
  {
    table: "deployment_specs",
    column: "spec",
    key: ["deployment_id", "revision"],
    find: (row, { document }) => sealedIn(document, revisionPlace(text(row, "deployment_id"), Number(row.revision))),
  },
  {
    table: "operations",
    column: "input",
    key: ["id"],
    also: ["resource_id"],
    find: (row, { document }) =>
      sealedIn((document as { spec?: unknown }).spec, planPlace(text(row, "resource_id"), text(row, "id"))),
  },
];

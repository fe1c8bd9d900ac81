/** Kinds of columns: what is read, what may be inserted, what may be written. */
import type { ColumnType } from "kysely";

export type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
export type NullableTimestamp = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
export type Json<T> = ColumnType<T, string | undefined, string>;
export type RequiredJson<T> = ColumnType<T, string, string>;
export type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
/** bigint columns come back as numbers: src/store/database.ts sets the parser. */
export type BigInteger = ColumnType<number, number | undefined, number>;

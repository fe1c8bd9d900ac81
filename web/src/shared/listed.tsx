/** A list and what stands in its place: loading, refused, or empty with what to do next. */
import type { ReactNode } from "react";
import { Failure, Loading } from "./states.tsx";

interface ListedProps<Item> {
  query: { error: unknown; isPending: boolean; refetch(): unknown };
  /** Undefined until they were read. */
  items: readonly Item[] | undefined;
  /** About as many as usual. */
  usualRows?: number;
  empty: ReactNode;
  children(items: readonly Item[]): ReactNode;
}

export function Listed<Item>({ query, items, usualRows, empty, children }: ListedProps<Item>) {
  return (
    <>
      {query.error != null && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading {...(usualRows !== undefined && { rows: usualRows })} />}
      {items && (items.length === 0 ? empty : children(items))}
    </>
  );
}

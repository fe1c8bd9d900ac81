/** Lists that are read page after page. */
import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

interface PageOf<Item> {
  items: Item[];
  pagination: { total: number; next_cursor: string | null };
}

export interface Pages<Item> {
  /** Of all pages read so far; undefined before the first. */
  items: readonly Item[] | undefined;
  /** How many there are, read or not. */
  total: number;
  error: Error | null;
  isPending: boolean;
  hasMore: boolean;
  isReadingMore: boolean;
  readMore(): void;
  refetch(): unknown;
}

/**
 * Reads a list from its beginning.
 * @param read gives a page; takes where it begins, nothing for the first
 * @param everyMilliseconds reads what was read again; never, when left out
 */
export function usePages<Item>(
  queryKey: QueryKey,
  read: (from: { cursor?: string }) => Promise<PageOf<Item>>,
  everyMilliseconds?: number,
): Pages<Item> {
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam === "" ? {} : { cursor: pageParam }),
    initialPageParam: "",
    getNextPageParam: ({ pagination }) => pagination.next_cursor ?? undefined,
    refetchInterval: everyMilliseconds ?? false,
  });
  return {
    items: list.data?.pages.flatMap(({ items }) => items),
    total: list.data?.pages[0]?.pagination.total ?? 0,
    error: list.error,
    isPending: list.isPending,
    hasMore: list.hasNextPage,
    isReadingMore: list.isFetchingNextPage,
    readMore: () => void list.fetchNextPage(),
    refetch: list.refetch,
  };
}

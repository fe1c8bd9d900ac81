/** Shapes every resource shares: the envelope, pages, links, problems and text that a person typed. */
import { z } from "@hono/zod-openapi";
import { type ErrorCode, errorCatalogue } from "../../domain/errors.ts";

export const Timestamp = z.string().meta({
  description: "ISO 8601 in UTC, whole seconds.",
  examples: ["2024-01-20T12:00:00Z"],
});

/** A moment in a query, with its offset from UTC. */
export const Moment = z.iso.datetime({ offset: true });

export const Link = z.string().meta({ description: "Host-relative path, starting with /api/v1/." });

export const Pagination = z
  .object({
    page: z.int(),
    per_page: z.int(),
    total: z.int(),
    pages: z.int(),
    next_cursor: z.string().nullable().meta({
      description: "Send it as `cursor` for the next page; steady while entries are added. null on the last page.",
    }),
  })
  .meta({ id: "Pagination" });

/** A whole number in a query; the schema of the document is spelled out because the text is coerced. */
export const integerQuery = (minimum: number, maximum: number, description: string) =>
  z.coerce.number().int().min(minimum).max(maximum).meta({ type: "integer", minimum, maximum, description });

/** Query parameters of every list. */
export const pageQuery = {
  page: integerQuery(1, 1_000_000, "1 is the first page. Default 1.").default(1),
  per_page: integerQuery(1, 100, "Entries on a page. Default 50.").default(50),
  cursor: z
    .string()
    .min(1)
    .max(400)
    .optional()
    .meta({ description: "`next_cursor` of the page before; wins over `page`." }),
};

export interface PageRequest {
  page: number;
  per_page: number;
  cursor?: string | undefined;
}

/** `{"data": …}` around a resource. */
export const envelope = <T extends z.ZodType>(data: T) => z.object({ data });

/** `{"data": {"items": […], "pagination": {…}}}`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  envelope(z.object({ items: z.array(item), pagination: Pagination }));

/** A list short enough to be given whole. */
export const listOf = <T extends z.ZodType>(item: T) => envelope(z.object({ items: z.array(item) }));

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const VISIBLE = /[^\s\p{C}\p{Z}\p{M}]/u;

/** A name a person gave: 1 to 100 characters of any script, trimmed, something of it visible, no control characters. */
export const DisplayName = z
  .string()
  .max(400)
  .transform((text) => text.trim())
  .refine((text) => text.length > 0 && VISIBLE.test(text), "A name needs at least one visible character.")
  .refine((text) => [...text].length <= 100, "A name has at most 100 characters.")
  .refine((text) => !CONTROL.test(text), "A name holds no control characters or line breaks.");

export const FieldProblem = z.object({
  pointer: z.string().meta({ description: "JSON pointer into the body, or `?name` for a query parameter." }),
  message: z.string(),
});

const codes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

/** Both the documented error envelope and RFC 9457. */
export const Problem = z
  .object({
    error: z.object({
      code: z.enum(codes),
      message: z.string(),
      operation_id: z.string().optional(),
      request_id: z.string(),
      retryable: z.boolean(),
      fields: z.array(FieldProblem),
      docs_url: z.string(),
    }),
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
  })
  .meta({ id: "Problem", description: "What went wrong, why, and whether trying again helps." });

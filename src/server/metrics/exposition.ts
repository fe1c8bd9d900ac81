/**
 * Prometheus' text form, version 0.0.4. Our own, because nearly every figure is read from the database when it is asked
 * for: a library's registry would hold two histograms and be fed the rest by hand.
 */

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Put behind the family's name: `_bucket`, `_sum`, `_count`. @default nothing */
  suffix?: string;
  labels?: Labels;
  value: number;
}

export interface Family {
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  samples: readonly Sample[];
}

/** Counts of one histogram, one label set. `counts[i]` holds what was at most `bounds[i]`, the last one the rest. */
export interface Distribution {
  labels: Labels;
  counts: readonly number[];
  sum: number;
}

/** Writes families out, each with its help; label values may hold anything. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, type, help, samples }) =>
        `# HELP ${name} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}\n# TYPE ${name} ${type}\n${samples
          .map(({ suffix = "", labels = {}, value }) => `${name}${suffix}${labelText(labels)} ${numberText(value)}\n`)
          .join("")}`,
    )
    .join("");
}

/** The samples of a histogram: cumulative buckets, sum and count of each label set. @param bounds rising, in the unit of the name */
export function histogramSamples(bounds: readonly number[], distributions: readonly Distribution[]): Sample[] {
  return distributions.flatMap(({ labels, counts, sum }) => {
    let below = 0;
    const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
      below += counts[index] ?? 0;
      return { suffix: "_bucket", labels: { ...labels, le: numberText(bound) }, value: below };
    });
    return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: below }];
  });
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}

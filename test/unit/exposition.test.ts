import { describe, expect, it } from "vitest";
import { exposition, histogramSamples } from "../../src/server/metrics/exposition.ts";
import { createRequestFigures } from "../../src/server/metrics/request-figures.ts";

describe("Prometheus' text form (issue 7.5)", () => {
  it("writes help and type once, escapes what labels and help hold, and leaves empty families out", () => {
    const text = exposition([
      { name: "a_total", type: "counter", help: "One\\two\nthree.", samples: [{ labels: { x: 'q"\\\n' }, value: 3 }] },
      { name: "nothing", type: "gauge", help: "Not there.", samples: [] },
      { name: "b", type: "gauge", help: "Plain.", samples: [{ value: Number.POSITIVE_INFINITY }] },
    ]);
    expect(text).toBe(
      '# HELP a_total One\\\\two\\nthree.\n# TYPE a_total counter\na_total{x="q\\"\\\\\\n"} 3\n' +
        "# HELP b Plain.\n# TYPE b gauge\nb +Inf\n",
    );
  });

  it("gives cumulative buckets, the last of which is the count", () => {
    const samples = histogramSamples([1, 5], [{ labels: { k: "v" }, counts: [2, 0, 1], sum: 12.5 }]);
    expect(samples.map(({ suffix, labels, value }) => [suffix, labels?.le, value])).toEqual([
      ["_bucket", "1", 2],
      ["_bucket", "5", 2],
      ["_bucket", "+Inf", 3],
      ["_sum", undefined, 12.5],
      ["_count", undefined, 3],
    ]);
  });

  it("has the same few label sets whatever callers send", () => {
    const figures = createRequestFigures();
    for (let n = 0; n < 500; n++) figures.record({ method: `X${n}`, route: undefined, status: 404, seconds: n / 1000 });
    const [total, duration] = figures.families();
    expect(total?.samples).toEqual([{ labels: { method: "other", route: "other", status: "404" }, value: 500 }]);
    expect(duration?.samples.find(({ suffix }) => suffix === "_count")?.value).toBe(500);
    const atMost = duration?.samples.find(({ labels }) => labels?.le === "0.1")?.value;
    expect(atMost).toBe(101);
  });
});

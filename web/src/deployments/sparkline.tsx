/** A small line of the last values, as SVG that a screen reader can name. */
const WIDTH = 240;
const HEIGHT = 40;

export function Sparkline({ points, label }: { points: readonly number[]; label: string }) {
  const highest = Math.max(1, ...points);
  const step = points.length > 1 ? WIDTH / (points.length - 1) : 0;
  const line = points.map(
    (point, index) => `${(index * step).toFixed(1)},${(HEIGHT - (point / highest) * HEIGHT).toFixed(1)}`,
  );
  return (
    <svg
      viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`}
      width="100%"
      height={HEIGHT + 4}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <polyline
        points={line.join(" ")}
        fill="none"
        stroke="var(--mantine-primary-color-filled)"
        strokeWidth="2"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

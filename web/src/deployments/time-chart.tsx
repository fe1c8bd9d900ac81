/** One figure over time: lines as SVG, the same as words for who cannot see them. */
import { Group, Paper, Text, useMantineTheme } from "@mantine/core";

export interface Line {
  name: string;
  /** Null where nothing is known. */
  values: readonly (number | null)[];
}

const WIDTH = 600;
const HEIGHT = 120;
/** Of Mantine's colours, in turn; names stand beside them, so that no colour is needed to tell lines apart. */
const COLOURS = ["blue", "orange", "teal", "grape", "red", "lime"] as const;

export function TimeChart({
  title,
  lines,
  from,
  to,
  format,
}: {
  title: string;
  lines: readonly Line[];
  from: string;
  to: string;
  format(value: number): string;
}) {
  const theme = useMantineTheme();
  const most = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const colour = (index: number) => theme.colors[COLOURS[index % COLOURS.length] ?? "blue"][6];
  return (
    <Paper withBorder p="md" component="figure" m={0}>
      <Group justify="space-between" mb="xs">
        <Text component="figcaption" fw={600} size="sm">
          {title}
        </Text>
        <Text size="xs" c="dimmed">
          most {format(most)}
        </Text>
      </Group>
      <svg
        viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`}
        width="100%"
        height={HEIGHT + 4}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} from ${from} to ${to}. ${lines.map((line) => inWords(line, format)).join(" ")}`}
      >
        <line x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} stroke="var(--mantine-color-default-border)" />
        {lines.map(({ name, values }, index) => (
          <path
            key={name}
            d={pathOf(values, most)}
            fill="none"
            stroke={colour(index)}
            strokeWidth="1.5"
            strokeLinecap="round"
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <Group gap="md" mt="xs" aria-hidden>
        {lines.map(({ name }, index) => (
          <Group key={name} gap={6} wrap="nowrap">
            <svg width="14" height="4" aria-hidden>
              <line x1="0" x2="14" y1="2" y2="2" stroke={colour(index)} strokeWidth="3" />
            </svg>
            <Text size="xs">{name}</Text>
          </Group>
        ))}
      </Group>
    </Paper>
  );
}

/** A line that breaks where nothing is known; a lone value is a dot. */
function pathOf(values: readonly (number | null)[], most: number): string {
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  return values
    .map((value, index) => {
      if (value === null) return "";
      const place = `${(index * step).toFixed(1)} ${(HEIGHT - (most === 0 ? 0 : value / most) * HEIGHT).toFixed(1)}`;
      const goesOn = index > 0 && (values[index - 1] ?? null) !== null;
      const isAlone = !goesOn && (values[index + 1] ?? null) === null;
      return `${goesOn ? "L" : "M"}${place}${isAlone ? "h0" : ""}`;
    })
    .join("");
}

function inWords({ name, values }: Line, format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return `${name}: nothing known.`;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return `${name}: least ${format(Math.min(...known))}, mean ${format(mean)}, most ${format(Math.max(...known))}, last ${format(last)}.`;
}

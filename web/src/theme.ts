/** The dashboard's look: one accent colour, system fonts, nothing loaded from anywhere. */
import { Alert, type CSSVariablesResolver, createTheme } from "@mantine/core";

const fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";

export const theme = createTheme({
  primaryColor: "indigo",
  // Filled buttons need these shades to keep a contrast of 4.5 to their text in both schemes.
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  fontFamily: fonts,
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  headings: { fontFamily: fonts, fontWeight: "600" },
  defaultRadius: "md",
  cursorType: "pointer",
  components: {
    // Yellow on light yellow cannot be read.
    Alert: Alert.extend({ styles: { label: { color: "var(--mantine-color-text)" } } }),
  },
});

/** Mantine's own shades of quiet text stay below a contrast of 4.5. */
export const cssVariables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: { "--mantine-color-dimmed": colors.gray[7], "--mantine-color-placeholder": colors.gray[6] },
  dark: { "--mantine-color-dimmed": colors.dark[1], "--mantine-color-placeholder": colors.dark[2] },
});

/** Builds the dashboard into dist/web; in development it asks the control plane on this machine. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  server: { proxy: { "/api": process.env.ONVERA_API_URL ?? "http://127.0.0.1:7600" } },
  // A data: address would need a hole in the page's policy.
  build: { outDir: "../dist/web", emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
});

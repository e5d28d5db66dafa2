import { defineConfig } from "vite";

/** The script and the style that every ring chart as HTML carries, whole: a file that is mailed has no neighbours. */
export default defineConfig({
  root: "src/dashboard/rings",
  publicDir: false,
  build: {
    outDir: "../../../dist/rings-page",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    lib: {
      entry: "file-main.tsx",
      formats: ["iife"],
      name: "kmemtapRings",
      fileName: () => "rings.js",
      cssFileName: "rings",
    },
  },
  define: { "process.env.NODE_ENV": '"production"' },
});

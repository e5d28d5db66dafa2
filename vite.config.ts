import { defineConfig } from "vite";

export default defineConfig({
  root: "src/dashboard",
  base: "./",
  build: { outDir: "../../dist/dashboard", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
});

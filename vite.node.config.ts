import { defineConfig } from "vite";

/** The command in few files: Node takes a third less time to start it than from its 350 modules. What is native or loaded rarely stays a package. */
export default defineConfig({
  build: {
    ssr: "src/main.ts",
    outDir: "dist",
    emptyOutDir: false,
    target: "node20",
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: "main.js", chunkFileNames: "chunks/[name]-[hash].js" } },
  },
  ssr: { noExternal: ["commander", "@commander-js/extra-typings", "rxjs"] },
});

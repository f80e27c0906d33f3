import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

export default defineConfig({
  test: {
    // Vitest takes the order of files from here alone, whatever a project says.
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          globalSetup: "test/support/temporary-files.ts",
          include: ["test/unit/**/*.test.ts", "test/architecture.test.ts"],
          testTimeout: 5_000,
          // One process a core for all files: starting one for each took longer than the tests. Said aloud, since vitest
          // takes one process fewer than there are cores.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "component",
          globalSetup: "test/support/temporary-files.ts",
          include: ["test/component/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "cluster",
          include: ["test/cluster/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Each file has a cluster of its own and mostly waits: for probes, soaks and drains.
          maxWorkers: 3,
        },
      },
    ],
  },
});

// One project per lane: `vitest run --project unit` and so on. Lanes with real parts run one file at a time,
// because each file starts servers of its own and the machine is small.
import { defineConfig } from 'vitest/config';

const lane = (name: string, include: string, options: object = {}) => ({
  test: { name, include: [include], environment: 'node' as const, ...options },
});
const realParts = { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false };

export default defineConfig({
  test: {
    projects: [
      lane('unit', 'test/unit/**/*.test.ts'),
      lane('property', 'test/property/**/*.test.ts', { testTimeout: 120_000 }),
      lane('architecture', 'test/architecture/**/*.test.ts'),
      lane('infra', 'test/infra/**/*.test.ts', { testTimeout: 120_000, hookTimeout: 120_000 }),
      lane('integration', 'test/integration/**/*.test.ts', realParts),
      lane('end-to-end', 'test/end-to-end/**/*.test.ts', realParts),
    ],
  },
});

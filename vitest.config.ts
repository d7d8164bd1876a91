/*
 * The test projects. `unit`, `types`, `examples` and `gc` see sources, through the condition `@jacobi/source`; `built`
 * sees what users get: tests/built imports packages by name and Node resolves them to dist.
 */
import { defaultServerConditions } from 'vite';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const onSources = { ssr: { resolve: { conditions: ['@jacobi/source', ...defaultServerConditions] } } };
const common = {
  setupFiles: ['./tests/setup.ts'],
  testTimeout: 20_000,
  hookTimeout: 20_000,
};
const unitTests = ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tests/unit/**/*.test.ts'];
const gcTests = ['packages/*/src/**/*.gc.test.ts', 'tests/**/*.gc.test.ts'];

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        ...onSources,
        test: { ...common, name: 'unit', include: unitTests, exclude: [...gcTests, '**/node_modules/**'] },
      },
      {
        ...onSources,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            checker: 'tsc',
            tsconfig: './tsconfig.json',
            include: ['packages/*/src/**/*.test-d.ts', 'tests/**/*.test-d.ts'],
          },
        },
      },
      { ...onSources, test: { ...common, name: 'examples', include: ['tests/examples.test.ts'] } },
      {
        test: {
          ...common,
          name: 'built',
          include: ['tests/built/**/*.test.ts'],
          exclude: gcTests,
          // Loaded by Node itself, untransformed.
          server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
        },
      },
      {
        ...onSources,
        test: {
          ...common,
          name: 'gc',
          include: gcTests,
          pool: 'forks',
          execArgv: ['--expose-gc'],
          testTimeout: 60_000,
        },
      },
    ],
  },
});

export default config;

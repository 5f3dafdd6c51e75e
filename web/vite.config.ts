import { defineConfig } from 'vitest/config';

// The pages run under a strict content security policy: no inline code, nothing as data: but pictures. So nothing is
// inlined, and every address is relative, because the binary serves the folder under /console/.
export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  test: { include: ['test/**/*.test.ts'] },
});

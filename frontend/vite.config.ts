import { defineConfig } from 'vitest/config'

const WORKER = 'src/sw.ts'

export default defineConfig({
  base: '/static/',
  build: {
    outDir: 'dist',
    manifest: true,
    chunkSizeWarningLimit: 700, // kB, not gzipped
    target: 'es2022',
    assetsInlineLimit: 0, // the CSP allows no data: scripts, styles or fonts
    modulePreload: { polyfill: false }, // the polyfill is for browsers that cannot run the rest either
    rolldownOptions: {
      input: { main: 'src/main.ts', home: 'src/home.ts', pages: 'src/pages.ts', sw: WORKER },
      output: {
        // The service worker's address must never change; everything else is named by its content.
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
})

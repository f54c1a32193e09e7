/** Bundles the browser's provider for Node with the frontend's own vite: `node bundle.mjs FRONTEND_FOLDER OUTPUT_FILE`. */
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , frontend, output] = process.argv
const require = createRequire(join(frontend, 'package.json'))
const { build } = await import(pathToFileURL(join(dirname(require.resolve('vite/package.json')), 'dist/node/index.js')))

await build({
  root: frontend,
  configFile: false,
  logLevel: 'error',
  build: {
    ssr: join(frontend, 'src/collab/provider.ts'),
    outDir: dirname(output),
    emptyOutDir: false,
    copyPublicDir: false,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      external: [/^yjs/, /^lib0/, /^y-protocols/],
      output: { format: 'es', entryFileNames: basename(output) },
    },
  },
})

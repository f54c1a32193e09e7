/** Builds the page of a folder with the frontend's own vite: `node example.mjs FRONTEND_FOLDER PAGE_FOLDER OUTPUT_FOLDER`. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , frontend, page, output] = process.argv
const require = createRequire(join(frontend, 'package.json'))
const { build } = await import(pathToFileURL(join(dirname(require.resolve('vite/package.json')), 'dist/node/index.js')))

await build({ root: page, configFile: false, logLevel: 'error', base: './', build: { outDir: output, emptyOutDir: true, minify: false } })

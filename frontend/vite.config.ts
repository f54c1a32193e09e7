import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const WORKER = 'src/sw.ts'
const DOCUMENT = 'src/main.ts'
const PAGES = 'src/pages.ts'
const ENTRIES = [DOCUMENT, 'src/home.ts', PAGES]

/** KaTeX names each font in three formats; every browser we build for reads the first, so only that is shipped. */
const slimFonts: Plugin = {
  name: 'slim-fonts',
  enforce: 'pre',
  transform: (code, id) =>
    id.includes('katex') && id.endsWith('.css')
      ? code.replaceAll(/,url\([^)]*\) format\("(?:woff|truetype)"\)/g, '')
      : null,
}

/** lib0's own validation comes along with the one word that y-tiptap needs of `lib0/dom`: 3 kB that nobody calls. */
const slimLib0: Plugin = {
  name: 'slim-lib0',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('/lib0/dom.js') ? code.replaceAll(/= (\$\.)/g, '= /*@__PURE__*/ $1') : null),
}

interface Modules {
  getModuleInfo(id: string): { importedIds: string[] } | null
}

/**
 * What a page needs at once comes in few files, for many small ones compress badly: what all pages have in common, what
 * the list and the document share, and the rest of the document page. What is imported by `import()` is left to the bundler.
 */
const CHUNKS = [
  chunk('shared', (entries) => entries.length > 1 && entries.includes(PAGES)),
  chunk('live', (entries) => entries.length > 1),
  chunk('document', (entries) => entries.includes(DOCUMENT)),
]

/** A chunk of the modules for which `holds` says so; `entries` are those that import the module statically. */
function chunk(name: string, holds: (entries: string[]) => boolean) {
  return {
    debugName: name,
    name: (id: string, modules: Modules) => {
      const entries = ENTRIES.filter((entry) => needed(entry, modules).has(id))
      return holds(entries) ? name : null
    },
  }
}

const closures = new Map<string, Set<string>>()

/** All modules that `entry` imports statically. */
function needed(entry: string, modules: Modules): Set<string> {
  let found = closures.get(entry)
  if (found === undefined) {
    found = new Set([fileURLToPath(new URL(entry, import.meta.url))])
    for (const id of found) for (const each of modules.getModuleInfo(id)?.importedIds ?? []) found.add(each)
    closures.set(entry, found)
  }
  return found
}

export default defineConfig({
  base: '/static/',
  plugins: [slimFonts, slimLib0],
  build: {
    outDir: 'dist',
    manifest: true,
    chunkSizeWarningLimit: 700, // kB, not gzipped
    target: 'es2022',
    cssTarget: ['chrome125', 'firefox129', 'safari17.5'], // of 2024: they know light-dark() and popovers
    assetsInlineLimit: 0, // the CSP allows no data: scripts, styles or fonts
    modulePreload: { polyfill: false }, // the polyfill is for browsers that cannot run the rest either
    rolldownOptions: {
      input: { main: 'src/main.ts', home: 'src/home.ts', pages: 'src/pages.ts', sw: WORKER },
      output: {
        codeSplitting: { groups: CHUNKS }, // earlier ones first
        // The service worker's address must never change; everything else is named by its content.
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
})

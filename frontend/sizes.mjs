/** `npm run sizes`: what each page of the built frontend loads at once, and whether the document page keeps its bar. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

/** Script of the document page's first load, gzipped as it is sent. Issue 3, "Performance of the page". */
const MOST_BYTES = 220_000
const DOCUMENT = 'src/main.ts'

const dist = new URL('dist/', import.meta.url)
const read = (file) => readFileSync(new URL(file, dist))
const manifest = JSON.parse(read('.vite/manifest.json').toString())
const gzipped = (files) => files.reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0)

/** The chunks that an entry imports statically, with itself. */
function chunksOf(entry) {
  const found = new Set([entry])
  for (const chunk of found) for (const each of manifest[chunk].imports ?? []) found.add(each)
  return [...found].map((chunk) => manifest[chunk])
}

for (const entry of [DOCUMENT, 'src/home.ts', 'src/pages.ts']) {
  const chunks = chunksOf(entry)
  const script = gzipped(chunks.map(({ file }) => file))
  const style = gzipped([...new Set(chunks.flatMap(({ css = [] }) => css))])
  console.log(`${entry}: ${script} bytes of script in ${chunks.length} files, ${style} of style (gzip)`)
  if (entry === DOCUMENT && script > MOST_BYTES) {
    console.error(`The document page may load ${MOST_BYTES} bytes: see what came in at ${fileURLToPath(dist)}.`)
    process.exitCode = 1
  }
}

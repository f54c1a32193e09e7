/** `npm run schema`: writes documents/schema.json from the editor's own schema. Part of every build. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const { module } = await runnerImport(here('src/editor/schema/dump.ts'), { root: here('.'), configFile: false })
await writeFile(here('../documents/schema.json'), module.printSchema())

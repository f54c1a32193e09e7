/** Tells the words of code apart. Loaded when a document has code in a known language; each grammar when it is met. */
import type { LanguageFn } from 'highlight.js'
import { createLowlight } from 'lowlight'

/** A run of text in one colour: offsets in UTF-16 units, `kind` as highlight.js names its scopes. */
export interface Span {
  from: number
  to: number
  kind: string
}

type Grammar = () => Promise<{ default: LanguageFn }>
type Tree = ReturnType<ReturnType<typeof createLowlight>['highlight']>['children'][number]

const GRAMMARS: Record<string, Grammar> = {
  bash: () => import('highlight.js/lib/languages/bash'),
  c: () => import('highlight.js/lib/languages/c'),
  cpp: () => import('highlight.js/lib/languages/cpp'),
  csharp: () => import('highlight.js/lib/languages/csharp'),
  css: () => import('highlight.js/lib/languages/css'),
  diff: () => import('highlight.js/lib/languages/diff'),
  dockerfile: () => import('highlight.js/lib/languages/dockerfile'),
  go: () => import('highlight.js/lib/languages/go'),
  graphql: () => import('highlight.js/lib/languages/graphql'),
  ini: () => import('highlight.js/lib/languages/ini'),
  java: () => import('highlight.js/lib/languages/java'),
  javascript: () => import('highlight.js/lib/languages/javascript'),
  json: () => import('highlight.js/lib/languages/json'),
  kotlin: () => import('highlight.js/lib/languages/kotlin'),
  latex: () => import('highlight.js/lib/languages/latex'),
  lua: () => import('highlight.js/lib/languages/lua'),
  makefile: () => import('highlight.js/lib/languages/makefile'),
  markdown: () => import('highlight.js/lib/languages/markdown'),
  nginx: () => import('highlight.js/lib/languages/nginx'),
  php: () => import('highlight.js/lib/languages/php'),
  powershell: () => import('highlight.js/lib/languages/powershell'),
  python: () => import('highlight.js/lib/languages/python'),
  r: () => import('highlight.js/lib/languages/r'),
  ruby: () => import('highlight.js/lib/languages/ruby'),
  rust: () => import('highlight.js/lib/languages/rust'),
  scala: () => import('highlight.js/lib/languages/scala'),
  sql: () => import('highlight.js/lib/languages/sql'),
  swift: () => import('highlight.js/lib/languages/swift'),
  typescript: () => import('highlight.js/lib/languages/typescript'),
  xml: () => import('highlight.js/lib/languages/xml'),
  yaml: () => import('highlight.js/lib/languages/yaml'),
}

const lowlight = createLowlight()

/** Makes `language` (one of `LANGUAGES`) ready for `spans`. */
export async function load(language: string): Promise<void> {
  const grammar = GRAMMARS[language]
  if (grammar === undefined || lowlight.registered(language)) return
  lowlight.register(language, (await grammar()).default)
}

/** The coloured runs of `code`; call `load` first. */
export function spans(language: string, code: string): Span[] {
  const found: Span[] = []
  let at = 0
  const walk = (nodes: Tree[], kind: string) => {
    for (const node of nodes) {
      if (node.type === 'text') {
        if (kind !== '') found.push({ from: at, to: at + node.value.length, kind })
        at += node.value.length
      } else if (node.type === 'element') {
        const names = node.properties.className
        walk(node.children as Tree[], (Array.isArray(names) ? names.join(' ') : '') || kind)
      }
    }
  }
  walk(lowlight.highlight(language, code).children, '')
  return found
}

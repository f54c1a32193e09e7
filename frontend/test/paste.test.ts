// @vitest-environment jsdom
import { readFileSync } from 'node:fs'
import { getSchema } from '@tiptap/core'
import { type Node, DOMParser as Reader, Slice } from '@tiptap/pm/model'
import { describe, expect, it } from 'vitest'
import { clean, TooLarge } from '../src/editor/paste/foreign'
import { keepOwnImages } from '../src/editor/paste/images'
import { renderMarkdown } from '../src/editor/paste/markdown'
import { looksLikeMarkdown } from '../src/editor/paste/markdown-signs'
import { highlightOf } from '../src/editor/paste/marks'
import { contentExtensions } from '../src/editor/schema'

const schema = getSchema(contentExtensions())
const fixture = (name: string): string => readFileSync(`test/fixtures/${name}`, 'utf8')

/** What the schema makes of pasted HTML, a line per block: `h1 Title`, `ul>li>p *bold*`. */
function outlineOf(html: string): string[] {
  const body = new DOMParser().parseFromString(html, 'text/html').body
  const doc = Reader.fromSchema(schema).parse(body)
  doc.check()
  const lines: string[] = []
  const walk = (node: Node, path: string[]) => {
    node.forEach((child) => {
      const name = [...path, nameOf(child)]
      if (child.isTextblock || child.isAtom) lines.push(`${name.join('>')} ${textOf(child)}`.trim())
      else walk(child, name)
    })
  }
  walk(doc, [])
  return lines
}

function nameOf({ type, attrs }: Node): string {
  if (type.name === 'heading') return `h${attrs.level}`
  if (type.name === 'taskItem') return attrs.checked ? 'done' : 'task'
  if (type.name === 'orderedList' && attrs.start > 1) return `ol${attrs.start}`
  if (type.name === 'codeBlock') return `code:${attrs.language}`
  if (type.name === 'callout') return `callout:${attrs.kind}`
  if (type.name === 'tableCell' && attrs.colspan > 1) return `td${attrs.colspan}`
  return SHORT[type.name] ?? type.name
}
const SHORT: Record<string, string> = {
  paragraph: 'p',
  bulletList: 'ul',
  orderedList: 'ol',
  listItem: 'li',
  taskList: 'tasks',
  tableRow: 'tr',
  tableCell: 'td',
  tableHeader: 'th',
}

function textOf(block: Node): string {
  if (block.isAtom) return String(block.attrs.latex ?? block.attrs.src ?? '')
  let text = ''
  block.forEach((node) => {
    const marks = node.marks.map(({ type, attrs }) => type.name + (attrs.href ?? attrs.color ?? '')).join(',')
    const words = node.isText ? node.text : node.type.name + String(node.attrs.latex ?? '')
    text += marks ? `{${marks}|${words}}` : words
  })
  return text
}

it('makes lists, headings and tables out of what Word writes', () => {
  const html = clean(fixture('word.html'))
  expect(outlineOf(html)).toEqual([
    'h1 Minutes of the harbour board',
    'h1 Agenda',
    'p The board met on {bold|Friday}, {italic|not} on Monday; see {linkhttps://example.org/last|the last minutes}.',
    'ul>li>p Cranes',
    'ul>li>ul>li>p The {bold|old} one',
    'ul>li>p Quays',
    'ol3>li>p Third',
    'ol3>li>p Fourth',
    'h2 Money',
    'table>tr>td2>p {bold|Costs}',
    'table>tr>td>p Paint',
    'table>tr>td>p {highlightyellow|400}',
    'p',
  ])
  expect(html).not.toMatch(/mso|style=|o:p|class=|file:/i)
})

it('reads the marks, lists and check lists of Google Docs', () => {
  expect(outlineOf(clean(fixture('docs.html')))).toEqual([
    'h1 Plan',
    'p Plain, {bold|bold}, {bold,italic|both}, {underline|under}, {strike|gone}, {highlightgreen|green}, ' +
      '{code|x = 1}, {linkhttps://example.org/page|a link}',
    'ul>li>p one',
    'ul>li>ul>li>p one point one',
    'ul>li>p two',
    'tasks>done>p {strike|done}',
    'tasks>task>p open',
    'table>tr>td>p A',
    'table>tr>td>p B',
  ])
})

it('takes from a web page what it means, and nothing that runs, loads or tells on the reader', () => {
  const html = clean(fixture('web.html'))
  expect(html).not.toMatch(/script|style|onclick|ping|track|iframe|<img|not seen|Home/)
  expect(outlineOf(html)).toEqual([
    'h2 Tides #',
    'p Seen here and {linkhttps://example.org/t|there}.',
    'p {linkhttps://example.org/pictures/tide%20table.png|A tide table}',
    'p A table',
    'p inlineMathh = a \\cos t metres',
    'code:python def tide():\n    return 1',
    'tasks>done>p measured',
    'tasks>task>p written',
    'h4 Small',
    'p Only for its looks',
    'details>detailsSummary More',
    'details>detailsContent>p Folded',
  ])
})

it('says that a page is too large before it does anything with it', () => {
  expect(() => clean('<p>x</p>'.repeat(15_001))).toThrow(TooLarge)
})

it('leaves styles and scripts out, and is not held up by those that never end', () => {
  const html = '<STYLE>p {}</STYLE ><p onclick="run()">one</p><script>run()</script><xml>x</xml><p>two</p>'
  expect(clean(html)).toBe('<p>one</p><p>two</p>')
  const started = performance.now()
  clean(`<p>one</p>${'<xml '.repeat(200_000)}`)
  clean(`<p>one</p>${'<a '.repeat(300_000)}`)
  expect(performance.now() - started).toBeLessThan(3_000)
})

it('has nothing to paste where there are no words', () => {
  expect(clean('<meta charset="utf-8"><div><span> </span></div>')).toBe('')
})

it('reads every formula of a text, line after line', () => {
  expect(outlineOf(renderMarkdown('So $a+b$.\n\nAnd $c$ with $d$.\n\n$e$ too.'))).toEqual([
    'p So inlineMatha+b.',
    'p And inlineMathc with inlineMathd.',
    'p inlineMathe too.',
  ])
})

it('reads Markdown with tables, tasks, call-outs and formulas', () => {
  const text = [
    '# Title',
    'A **bold** [link](https://example.org) and `code`, $a^2$ for $5 or $6.',
    '- one\n  - two\n- three',
    'And:',
    '- [x] done\n- [ ] open',
    '| A | B |\n| --- | --- |\n| 1 | 2 |',
    '> [!WARNING]\n> Mind the gap',
    '```python\nprint("$x$")\n```',
    '$$\nE = mc^2\n$$',
    '<script>alert(1)</script>',
  ].join('\n\n')
  expect(outlineOf(renderMarkdown(text))).toEqual([
    'h1 Title',
    'p A {bold|bold} {linkhttps://example.org|link} and {code|code}, inlineMatha^2 for $5 or $6.',
    'ul>li>p one',
    'ul>li>ul>li>p two',
    'ul>li>p three',
    'p And:',
    'tasks>done>p done',
    'tasks>task>p open',
    'table>tr>th>p A',
    'table>tr>th>p B',
    'table>tr>td>p 1',
    'table>tr>td>p 2',
    'callout:warning>p Mind the gap',
    'code:python print("$x$")',
    'blockMath E = mc^2',
    'p <script>alert(1)</script>',
  ])
})

describe('Markdown is seen', () => {
  it.each([
    ['a list', '- one\n- two'],
    ['a numbered list', '1. one\n2. two'],
    ['a task', '- [ ] one'],
    ['a table', 'A | B\n--- | ---\n1 | 2'],
    ['a fence', 'Run:\n```\nmake run\n```'],
    ['headings', '# Title\n\nText.\n\n## Part\n\nMore.'],
    ['marks and a link', 'A **bold** word and [a link](https://example.org).'],
  ])('in %s', (_, text) => expect(looksLikeMarkdown(text)).toBe(true))

  it.each([
    ['prose', 'A sentence. Another - with a dash, and 2 * 3 = 6.'],
    ['a single heading sign', '# channel'],
    ['a program', '# first\nimport os\n# second\nfrom x import y\ndef f():\n    return {}'],
    ['a shell', 'sudo apt-get update\n# then\nsudo reboot'],
    ['a dialogue', '- Where to?\nShe did not answer.'],
    ['snake_case and prices', 'the_long_name costs *about* $5'],
    ['C', '#include <stdio.h>\nint main() {\n  return 0;\n}'],
  ])('not in %s', (_, text) => expect(looksLikeMarkdown(text)).toBe(false))
})

it('makes links of pictures from elsewhere, whatever way they come', () => {
  const id = '0f0e1d2c-0000-4000-8000-000000000000'
  const own = schema.node('image', { src: `/documents/${id}/images/${id}/` })
  const foreign = schema.node('image', { src: 'https://example.org/a.png', alt: 'A' })
  const local = schema.node('image', { src: 'file:///a.png' })
  const kept = keepOwnImages(new Slice(schema.node('doc', null, [own, foreign, local]).content, 0, 0))
  expect(kept.content.childCount).toBe(2)
  expect(kept.content.child(0).eq(own)).toBe(true)
  expect(textOf(kept.content.child(1))).toBe('{linkhttps://example.org/a.png|A}')
})

it('finds the nearest colour of a highlight', () => {
  const found = ['rgb(255, 255, 0)', '#fff', 'rgb(0, 0, 0)', 'rgb(207, 226, 243)', 'transparent', 'rgb(217, 217, 217)']
  expect(found.map(highlightOf)).toEqual(['yellow', null, null, 'blue', null, 'gray'])
})

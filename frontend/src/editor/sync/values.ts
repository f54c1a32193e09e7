/** Which attribute values a page can show. documents/values.py has the same table. */
import type { Node } from '@tiptap/pm/model'
import { ALIGNMENTS, HEADING_LEVELS } from '../schema'
import { isCalloutKind } from '../schema/callout'
import { isColor } from '../schema/colors'
import { isSafeHref } from '../schema/link'
import { isTooLarge } from './tables'

type Test = (value: unknown) => boolean

const isText: Test = (value) => typeof value === 'string'
const isNumber: Test = (value) => typeof value === 'number' && Number.isFinite(value)
const isFlag: Test = (value) => typeof value === 'boolean'
const isSpan: Test = (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1000
const isWidths: Test = (value) => Array.isArray(value) && value.length <= 1000 && value.every(isNumber)
const isScalar: Test = (value) => isText(value) || isNumber(value) || isFlag(value)
const oneOf =
  (...values: readonly unknown[]): Test =>
  (value) =>
    values.includes(value)

const align = oneOf(...ALIGNMENTS)
const cell = { colspan: isSpan, rowspan: isSpan, colwidth: isWidths }

const TESTS: Record<string, Record<string, Test>> = {
  paragraph: { textAlign: align },
  heading: { level: oneOf(...HEADING_LEVELS), textAlign: align },
  orderedList: { start: isNumber, type: isText },
  taskItem: { checked: isFlag },
  codeBlock: { language: isText },
  tableCell: cell,
  tableHeader: cell,
  image: { src: isSafeHref, alt: isText, width: isNumber, pixelWidth: isNumber, pixelHeight: isNumber },
  callout: { kind: isCalloutKind },
  details: { open: isFlag },
  inlineMath: { latex: isText },
  blockMath: { latex: isText },
  link: { href: isSafeHref },
  highlight: { color: isColor },
  textColor: { color: isColor },
}

/** The names of the attributes of a node or mark that are unknown or hold what they must not. */
export function badAttributes(type: string, known: object, values: Record<string, unknown>): string[] {
  const bad: string[] = []
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue
    const test = TESTS[type]?.[name] ?? isScalar
    if (!(name in known) || !test(value)) bad.push(name)
  }
  return bad
}

const SOUND = new WeakMap<Node, boolean>()

/** Whether every page can show this node and what is in it. */
export function isSound(node: Node): boolean {
  let known = SOUND.get(node)
  if (known === undefined) {
    known = [node, ...node.marks].every(({ type, attrs }) => badAttributes(type.name, attrs, attrs).length === 0)
    if (node.type.spec.tableRole === 'table') known &&= !isTooLarge(node)
    node.forEach((child) => {
      known &&= isSound(child)
    })
    SOUND.set(node, known)
  }
  return known
}

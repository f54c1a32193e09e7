import { expect, it } from 'vitest'
import { hrefFrom, pastedHref, typedHref } from '../src/editor/link-rules'

it.each([
  ['example.com', 'https://example.com'],
  [' example.com/a?b#c ', 'https://example.com/a?b#c'],
  ['localhost:8000/x', 'https://localhost:8000/x'],
  ['bücher.example', 'https://bücher.example'],
  ['ada@example.org', 'mailto:ada@example.org'],
  ['http://example.com', 'http://example.com'],
  ['mailto:ada@example.org', 'mailto:ada@example.org'],
  ['tel:+4912345', 'tel:+4912345'],
  ['/documents/1/', '/documents/1/'],
  ['#part', '#part'],
])('%j means %j', (text, href) => {
  expect(hrefFrom(text)).toBe(href)
})

it.each([
  '',
  ' ',
  'word',
  'two words',
  'javascript:alert(1)',
  'JavaScript:x',
  'data:text/html,x',
  '//evil.example',
  'https://',
  'https://a b',
])('%j is no address', (text) => expect(hrefFrom(text)).toBeNull())

it('takes only an address with its scheme for a pasted one', () => {
  expect(pastedHref('https://example.org/x\n')).toBe('https://example.org/x')
  expect(pastedHref('example.org')).toBeNull()
  expect(pastedHref('see https://example.org')).toBeNull()
  expect(pastedHref('javascript:alert(1)')).toBeNull()
})

it('finds what is written as an address at the end of a line', () => {
  expect(typedHref('(www.example.org')).toEqual({ href: 'https://www.example.org', written: 'www.example.org' })
  expect(typedHref('https://example.org/a.')).toEqual({
    href: 'https://example.org/a',
    written: 'https://example.org/a',
  })
  expect(typedHref('ahttps://example.org')).toBeNull()
  expect(typedHref('https://.')).toBeNull()
})

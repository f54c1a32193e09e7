/** Every ink is readable on the sheet and on every wash, in each theme: WCAG 2.2, contrast (minimum), 4.5 to 1. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { COLORS } from '../src/editor/schema/colors'

const read = (name: string) => readFileSync(new URL(`../src/styles/${name}.css`, import.meta.url), 'utf8')
const values = new Map(
  [...`${read('tokens')}${read('colors')}`.matchAll(/--([\w-]+): (var\(--plain.*);/g)].map(([, name, value]) => [
    name,
    [...String(value).matchAll(/#[0-9a-f]{3,6}/g)].map(([hex]) => hex),
  ]),
)
const THEMES = ['light', 'dark', 'contrast by day', 'contrast by night']

it.each(THEMES.map((theme, index) => [theme, index] as const))('can be read: %s', (_, index) => {
  const color = (name: string) => values.get(name)?.[index] ?? ''
  const inks = ['ink', ...COLORS.map((name) => `${name}-ink`)]
  const washes = ['sheet', ...COLORS.map((name) => `${name}-wash`)]
  const bad = inks.flatMap((ink) =>
    washes
      .filter((wash) => contrast(color(ink), color(wash)) < 4.5)
      .map((wash) => `${ink} on ${wash}: ${contrast(color(ink), color(wash)).toFixed(2)}`),
  )
  const code = [...COLORS.map((name) => `${name}-ink`), 'ink-2'].filter(
    (ink) => contrast(color(ink), color('line-2')) < 4.5,
  )
  expect(bad).toEqual([])
  expect(code, 'on the ground of code').toEqual([])
})

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(hex: string): number {
  const digits = hex.slice(1)
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits
  const [r, g, b] = [0, 2, 4].map((start) => {
    const part = Number.parseInt(full.slice(start, start + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

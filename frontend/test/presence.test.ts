import { describe, expect, it } from 'vitest'
import { facesIn, initials, safeColor } from '../src/collab/presence'

const user = (id: string, name: string) => ({ id, name, color: '#0f766e' })

describe('faces', () => {
  it('are one per person, whatever the number of tabs, without oneself', () => {
    const states = [{ user: user('1', 'Ada') }, { user: user('2', 'Bo') }, { user: user('2', 'Bo') }, { cursor: 1 }, {}]
    expect(facesIn(states, '1').map(({ name }) => name)).toEqual(['Bo'])
  })

  it('are idle only when every tab is', () => {
    const busy = { user: user('2', 'Bo'), idle: false }
    const idle = { user: user('2', 'Bo'), idle: true }
    expect(facesIn([idle, idle], '1')[0]?.idle).toBe(true)
    expect(facesIn([idle, busy], '1')[0]?.idle).toBe(false)
    expect(facesIn([busy, idle], '1')[0]?.idle).toBe(false)
  })

  it('keep their order', () => {
    const states = [{ user: user('3', 'Zoe') }, { user: user('2', 'Bo') }]
    expect(facesIn(states, '1').map(({ name }) => name)).toEqual(['Bo', 'Zoe'])
  })

  it('survive states of any shape', () => {
    const states = [{ user: null }, { user: 'x' }, { user: { id: {}, name: 1 } }, { user: { id: 5, name: 'Num' } }]
    expect(facesIn(states, '1')).toEqual([{ id: '5', name: 'Num', color: '#6b6760', guest: false, idle: false }])
  })
})

it('lets only colours into CSS', () => {
  expect(safeColor('#0F766e')).toBe('#0F766e')
  for (const bad of ['red', '#fff', '#0f766e; background: url(//evil)', 'url(x)', null, 7, '#0f766e\n']) {
    expect(safeColor(bad)).toBe('#6b6760')
  }
})

it('makes initials of any name', () => {
  expect(initials('Alma Berg')).toBe('AB')
  expect(initials('Jo')).toBe('JO')
  expect(initials('  lars von trier ')).toBe('LT')
  expect(initials('🦊')).toBe('🦊')
  expect(initials('')).toBe('?')
})

// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest'
import { h } from '../src/dom'
import { summaryOf } from '../src/share/add'
import { coalesce } from '../src/share/coalesce'
import { asField, endOf, fromField } from '../src/share/expiry'
import { namesIn } from '../src/share/names'
import { rowsOf } from '../src/share/people'
import { Receipts, withEffect } from '../src/share/receipts'
import { Rows } from '../src/share/rows'
import type { Added, Share, Standing } from '../src/share/shares'

describe('the names in a text', () => {
  it.each([
    ['ada', ['ada']],
    ['ada, bob;carol\n\ndave', ['ada', 'bob', 'carol', 'dave']],
    ['Bo Lind <bo@example.org>, "Sol, Mira" <mira@example.org>', ['bo@example.org', 'mira@example.org']],
    ['a@example.org b@example.org', ['a@example.org', 'b@example.org']],
    ['Harbour crew', ['Harbour crew']],
    ['Ada, ada', ['Ada']],
    [' ,;\n', []],
  ])('are found in %j', (text, names) => {
    expect(namesIn(text)).toEqual(names)
  })

  it('are a thousand where a thousand were pasted', () => {
    const pasted = Array.from({ length: 1000 }, (_, n) => `p${n}@example.org`).join('\n')
    expect(namesIn(pasted)).toHaveLength(1000)
  })
})

describe('a receipt', () => {
  const receipt = { change: 'c', sessions: 2, ms: 40, refused: 1 }

  it('says what the change did, and how soon', () => {
    expect(withEffect('Ines removed.', receipt, true)).toBe(
      'Ines removed. In effect on 2 open sessions after 40 ms; 1 edit refused.',
    )
    expect(withEffect('Ines removed.', { ...receipt, sessions: 1, refused: 0 }, true)).toBe(
      'Ines removed. In effect on 1 open session after 40 ms.',
    )
  })

  it('says nothing of numbers that never came, nor of nobody where that goes without saying', () => {
    expect(withEffect('Done.', undefined, true)).toBe('Done.')
    expect(withEffect('Done.', { ...receipt, sessions: 0 }, false)).toBe('Done.')
    expect(withEffect('Bo removed.', { ...receipt, sessions: 0 }, true)).toBe(
      'Bo removed. Nobody it is about has the document open.',
    )
  })

  it('is found by its change, also when it came before the answer, and grows', () => {
    const receipts = new Receipts()
    expect(receipts.note({ ...receipt, refused: 0 })).toBe(true)
    expect(receipts.note(receipt)).toBe(false)
    expect(receipts.of('c')?.refused).toBe(1)
    expect(receipts.of(null)).toBeUndefined()
    for (let n = 0; n < 20; n += 1) receipts.note({ ...receipt, change: String(n) })
    expect(receipts.of('c')).toBeUndefined()
  })
})

describe('what became of many names', () => {
  const added = (outcome: Added['outcome'], sentence = ''): Added => ({
    text: 'x',
    outcome,
    sentence,
    invitation: null,
    address: null,
  })

  it('is said one by one for a few, and in numbers for more', () => {
    expect(summaryOf([added('granted', 'A.'), added('invited', 'B.')])).toBe('A. B.')
    expect(summaryOf([added('granted'), added('changed'), added('invited'), added('unchanged')])).toBe(
      '2 people and groups have access now. 1 invited. 1 had access already.',
    )
  })
})

describe('who has access, and why', () => {
  const share = (id: string, more: Partial<Share> = {}): Share => ({
    holder: `user-${id}`,
    kind: 'user',
    id,
    name: id,
    username: '',
    color: '#123456',
    role: 'viewer',
    you: false,
    people: null,
    ...more,
  })
  const crew = share('7', { holder: 'group-7', kind: 'group', name: 'Crew', people: 2, role: 'editor' })
  const standing = (shares: Share[], more: Partial<Standing> = {}): Standing => ({
    shares,
    next: '',
    you: { role: 'owner', why: 'owner' },
    manage: true,
    asks: false,
    link: { role: null, expires_at: null, has_password: false, most: 'editor', address: '' },
    reached: [],
    invitations: [],
    requests: [],
    offer: null,
    ...more,
  })
  const through = (id: string, role: 'viewer' | 'editor') => ({
    id,
    name: id,
    color: '#123456',
    role,
    whys: [{ kind: 'group' as const, role, via: 'Crew' }],
  })

  it('is the group that gives more than one has by name', () => {
    const rows = rowsOf(standing([share('bo'), crew], { reached: [through('bo', 'editor')] }), new Set(['bo']))
    expect(rows[0]?.details).toEqual(['here now', 'Editor through Crew'])
    expect(rows[1]?.details).toEqual(['group, 2 people'])
    expect(rows[1]?.members.map(({ name }) => name)).toEqual(['bo'])
  })

  it('is fixed for the only owner, and for no other', () => {
    const ada = share('ada', { role: 'owner', you: true })
    expect(rowsOf(standing([ada, share('bo')]), new Set()).map(({ fixed }) => fixed)).toEqual([true, false])
    expect(rowsOf(standing([ada, share('bo', { role: 'owner' })]), new Set()).map(({ fixed }) => fixed)).toEqual([
      false,
      false,
    ])
  })

  it('tells to whom ownership was offered', () => {
    const [by, to] = [share('ada', { role: 'owner' }), share('bo')]
    const rows = rowsOf(standing([by, to], { offer: { by, to } }), new Set())
    expect(rows.map(({ offered }) => offered)).toEqual([false, true])
    expect(rows[1]?.details).toEqual(['ownership offered'])
  })
})

describe('the end of a link', () => {
  it('goes through the field for day and time and back', () => {
    const end = endOf('week', new Date(2026, 10, 23, 18, 5, 31))
    expect(asField(end)).toBe('2026-11-30T18:05')
    expect(fromField(asField(end))).toEqual(end)
    expect(fromField('')).toBeNull()
  })
})

describe('rows', () => {
  interface Line {
    key: string
    text: string
  }
  let made: string[]
  let rows: Rows<Line>

  beforeEach(() => {
    made = []
    rows = new Rows<Line>(h('ul'), ({ key, text }) => {
      made.push(key)
      return h('li', {}, h('button', { 'data-act': 'role' }, text), h('button', { 'data-act': 'more' }, '…'))
    })
    document.body.replaceChildren(rows.element)
  })

  const line = (key: string, text = key): Line => ({ key, text })

  it('keep the elements of those that say the same', () => {
    rows.show([line('a'), line('b')])
    const [, second] = rows.element.children
    rows.show([line('c'), line('b'), line('a', 'other')])
    expect(made).toEqual(['a', 'b', 'c', 'a'])
    expect(rows.element.children[1]).toBe(second)
    expect(rows.element.textContent).toBe('c…b…other…')
  })

  it('keep the focus on the same control of a row that is made anew', () => {
    rows.show([line('a'), line('b')])
    ;(rows.element.querySelectorAll('[data-act=more]')[1] as HTMLElement).focus()
    rows.show([line('b', 'other'), line('a')])
    expect(document.activeElement?.parentElement?.dataset.row).toBe('b')
    expect(document.activeElement?.textContent).toBe('…')
  })

  it('give the focus of a row that went to the one in its place', () => {
    rows.show([line('a'), line('b'), line('c')])
    ;(rows.element.querySelectorAll('[data-act=role]')[1] as HTMLElement).focus()
    rows.show([line('a'), line('c')])
    expect(document.activeElement?.parentElement?.dataset.row).toBe('c')
    rows.show([line('a')])
    expect(document.activeElement?.parentElement?.dataset.row).toBe('a')
  })
})

describe('coalesce', () => {
  it('runs once more for all who asked meanwhile, one at a time', async () => {
    let running = 0
    let runs = 0
    const look = coalesce(async () => {
      running += 1
      expect(running).toBe(1)
      runs += 1
      await Promise.resolve()
      running -= 1
    })
    const first = look()
    await Promise.all([first, look(), look(), look()])
    expect(runs).toBe(2)
    await look()
    expect(runs).toBe(3)
  })

  it('goes on after a failure', async () => {
    let runs = 0
    const look = coalesce(async () => {
      runs += 1
      if (runs === 1) throw new Error('once')
    })
    const [first, second] = await Promise.allSettled([look(), look()])
    expect(first.status).toBe('rejected')
    expect(second.status).toBe('fulfilled')
  })
})

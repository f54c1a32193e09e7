import { afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { UnsavedNotes, unsavedOnDevice } from '../src/collab/unsaved'
import { Close, type Message } from '../src/collab/wire'
import { Client, Drawer, someone, textAfter } from './client'
import { EMPTY_UPDATE, EMPTY_VECTOR, hello } from './server'

const clients: Client[] = []
const client = (options?: ConstructorParameters<typeof Client>[0]): Client => {
  const made = new Client(options)
  clients.push(made)
  return made
}
afterEach(() => {
  for (const made of clients.splice(0)) made.leave()
})

const ack = (batch: number, seq = batch) => ({ type: 'ack' as const, batch, seq, time: 7_000 })

describe('joining', () => {
  it('sends step 1 and is synced when STATE arrives', () => {
    const ada = client()
    ada.provider.connect()
    ada.socket.open()
    expect(ada.socket.all('step1')).toHaveLength(1)
    ada.socket.say(hello('editor', 4), { type: 'step1', vector: EMPTY_VECTOR })
    expect(ada.provider.status.synced).toBe(false)
    ada.socket.say({ type: 'state', seq: 4, update: someone('hello').update })
    expect(ada.provider.status).toMatchObject({ synced: true, saved: { seq: 4 } })
    expect(ada.text).toBe('hello')
  })

  it('leaves the WHOLE out when nothing is unsaved and the server lacks nothing', () => {
    const { doc, update } = someone('hello')
    const ada = client({ copy: update }).join({ vector: Y.encodeStateVector(doc), state: EMPTY_UPDATE })
    expect(ada.socket.all('whole')).toEqual([])
    expect(ada.socket.all('push')).toEqual([])
  })

  it('sends nothing that was typed before the step 1 of the server, then all of it at once', () => {
    const ada = client()
    ada.provider.connect()
    ada.socket.open()
    ada.type('early')
    ada.hands.turn(1_000)
    expect(ada.socket.all('push')).toEqual([])
    ada.socket.say(hello(), { type: 'step1', vector: EMPTY_VECTOR })
    expect(ada.socket.all('whole').map(({ batch, update }) => [batch, textAfter(update)])).toEqual([[1, 'early']])
  })

  it('is presented again after 20 s without STATE, by a new socket', () => {
    const ada = client()
    ada.provider.connect()
    ada.socket.open()
    ada.hands.turn(19_000)
    ada.socket.say({ type: 'ping', nonce: 1 })
    ada.hands.turn(1_000)
    expect(ada.socket.closed).toBe(true)
  })
})

describe('typing', () => {
  it('gathers what is typed within 30 ms into one batch, and numbers batches from 1', () => {
    const ada = client().join()
    ada.type('a')
    ada.hands.turn(20)
    ada.type('b')
    expect(ada.socket.all('push')).toEqual([])
    ada.hands.turn(10)
    ada.type('c')
    ada.hands.turn(30)
    const pushes = ada.socket.all('push')
    expect(pushes.map(({ batch }) => batch)).toEqual([1, 2])
    expect(textAfter(...pushes.map(({ update }) => update))).toBe('abc')
  })

  it('counts every edit until it is acknowledged, and acknowledgements are cumulative', () => {
    const ada = client().join()
    for (const letter of 'abc') {
      ada.type(letter)
      ada.hands.turn(30)
    }
    expect(ada.provider.status.unsaved).toBe(3)
    ada.socket.say(ack(2))
    expect(ada.provider.status.unsaved).toBe(1)
    ada.socket.say(ack(3, 9))
    expect(ada.provider.status).toMatchObject({ unsaved: 0, saved: { seq: 9, time: 7_000 } })
    expect(ada.word).toBe('saved')
  })

  it('says Saving after 300 ms without an acknowledgement', () => {
    const ada = client().join()
    ada.type('a')
    ada.hands.turn(299)
    expect(ada.word).toBe('saved')
    ada.hands.turn(1)
    expect(ada.word).toBe('saving')
  })

  it('does not send back what came from the server or from the copy', () => {
    const ada = client({ copy: EMPTY_UPDATE }).join()
    ada.socket.say({ type: 'delta', first: 1, last: 1, update: someone('bob').update })
    ada.hands.turn(100)
    expect(ada.text).toBe('bob')
    expect(ada.socket.all('push')).toEqual([])
    expect(ada.provider.status.unsaved).toBe(0)
  })

  it('sends what is gathered at once when the page is being left', () => {
    const ada = client().join()
    ada.type('last words')
    ada.provider.flush()
    expect(ada.socket.all('push')).toHaveLength(1)
  })

  it('gives up a socket on which a batch is not acknowledged for a minute', () => {
    const ada = client().join()
    const first = ada.socket
    ada.type('a')
    for (let n = 0; n < 7; n++) {
      ada.hands.turn(10_000)
      if (!first.closed) first.say({ type: 'ping', nonce: n })
      ada.type('b')
    }
    expect(first.closed).toBe(true)
  })
})

describe('the sequence', () => {
  it('follows deltas, the own echo included', () => {
    const ada = client().join({ seq: 5 })
    ada.socket.say({ type: 'delta', first: 6, last: 8, update: someone('x').update })
    expect(ada.provider.status.saved?.seq).toBe(8)
  })

  it('asks again on a gap, ignores deltas until STATE, and takes its seq', () => {
    const ada = client().join({ seq: 5 })
    ada.socket.say({ type: 'delta', first: 7, last: 7, update: someone('late').update })
    expect(ada.text).toBe('')
    expect(ada.socket.all('step1')).toHaveLength(2)
    ada.socket.say({ type: 'delta', first: 8, last: 8, update: someone('later').update })
    expect(ada.socket.all('step1')).toHaveLength(2)
    ada.socket.say({ type: 'state', seq: 8, update: someone('all').update })
    ada.socket.say({ type: 'delta', first: 9, last: 9, update: someone('!').update })
    expect(ada.provider.status.saved?.seq).toBe(9)
    expect([...ada.text].sort().join('')).toBe('!all')
  })

  it('ignores a delta it has seen', () => {
    const ada = client().join({ seq: 5 })
    ada.socket.say({ type: 'delta', first: 4, last: 5, update: someone('old').update })
    expect(ada.text).toBe('')
    expect(ada.socket.all('step1')).toHaveLength(1)
  })

  it('asks again when an update leaves pending structs', () => {
    const { doc, update } = someone('one')
    const before = Y.encodeStateVector(doc)
    doc.getText('body').insert(3, ' two')
    const ada = client().join()
    ada.socket.say({ type: 'delta', first: 1, last: 1, update: Y.encodeStateAsUpdate(doc, before) })
    expect(ada.doc.store.pendingStructs).not.toBeNull()
    expect(ada.socket.all('step1')).toHaveLength(2)
    ada.socket.say({ type: 'state', seq: 1, update })
    expect(ada.doc.store.pendingStructs).toBeNull()
    expect(ada.text).toBe('one two')
    expect(ada.losses).toEqual([])
  })

  it('begins again with a fresh document when asking does not help', () => {
    const { doc } = someone('one')
    const before = Y.encodeStateVector(doc)
    doc.getText('body').insert(3, ' two')
    const holed = Y.encodeStateAsUpdate(doc, before)
    const ada = client().join()
    for (let n = 0; n < 4; n++) ada.socket.say({ type: 'state', seq: 1, update: holed })
    expect(ada.losses).toEqual(['diverged'])
  })
})

describe('while a word is composed', () => {
  it('takes the text of others in at its end, in its order, and sends its own meanwhile', () => {
    const ada = client().join({ seq: 5 })
    ada.provider.hold()
    const { doc, update } = someone('one')
    const before = Y.encodeStateVector(doc)
    doc.getText('body').insert(3, ' two')
    ada.socket.say({ type: 'delta', first: 6, last: 6, update })
    ada.socket.say({ type: 'delta', first: 7, last: 7, update: Y.encodeStateAsUpdate(doc, before) })
    ada.provider.hold() // the word goes on
    expect(ada.text).toBe('')
    ada.type('x')
    ada.hands.turn(30)
    expect(ada.socket.all('push')).toHaveLength(1)
    ada.provider.release()
    expect(ada.text.replace('x', '')).toBe('one two')
    expect(ada.provider.status.saved?.seq).toBe(7)
    expect(ada.socket.all('step1')).toHaveLength(1)
  })

  it('waits for no STATE that is here already, and forgets what waited when the socket ends', () => {
    const ada = client().join({ seq: 5 })
    ada.socket.say({ type: 'delta', first: 8, last: 8, update: someone('late').update })
    ada.provider.hold()
    ada.socket.say({ type: 'state', seq: 8, update: someone('all').update })
    for (let n = 0; n < 3; n++) {
      ada.hands.turn(10_000)
      ada.socket.say({ type: 'ping', nonce: n })
    }
    expect(ada.socket.closed).toBe(false)
    ada.socket.end(1006)
    ada.provider.release()
    expect(ada.text).toBe('')
  })
})

describe('after a reconnect', () => {
  it('sends a WHOLE with everything that was not acknowledged, numbered from 1', () => {
    const ada = client().join()
    ada.type('acknowledged ')
    ada.hands.turn(30)
    const [first] = ada.socket.all('push')
    if (!first) throw new Error('nothing was pushed')
    ada.socket.say(ack(1))
    ada.type('sent ')
    ada.hands.turn(30)
    ada.type('typed')
    ada.socket.end(1006)
    ada.type(' offline')
    expect(ada.provider.status.unsaved).toBe(3)
    ada.hands.turn(200)
    const server = new Y.Doc()
    Y.applyUpdate(server, first.update)
    ada.join({ seq: 1, state: EMPTY_UPDATE, vector: Y.encodeStateVector(server) })
    const [whole] = ada.socket.all('whole')
    if (!whole) throw new Error('no WHOLE')
    expect(whole.batch).toBe(1)
    Y.applyUpdate(server, whole.update)
    expect(server.getText('body').toString()).toBe('acknowledged sent typed offline')
    expect(ada.provider.status.unsaved).toBe(3)
    ada.type('!')
    ada.hands.turn(30)
    expect(ada.socket.all('push').map(({ batch }) => batch)).toEqual([2])
    ada.socket.say(ack(2))
    expect(ada.provider.status.unsaved).toBe(0)
  })

  it('sends a pure deletion, which changes no state vector', () => {
    const { doc, update } = someone('hello')
    const ada = client().join({ seq: 1, state: update })
    ada.socket.end(1006)
    ada.erase(0, 4)
    ada.hands.turn(200)
    ada.join({ seq: 1, state: EMPTY_UPDATE, vector: Y.encodeStateVector(doc) })
    const [whole] = ada.socket.all('whole')
    if (!whole) throw new Error('no WHOLE')
    expect(textAfter(update, whole.update)).toBe('o')
  })

  it('brings what is deleted in its copy when the server says that it was restored', () => {
    const { doc, update } = someone('hello')
    const copy = new Y.Doc()
    Y.applyUpdate(copy, update)
    copy.getText('body').delete(0, 4)
    const ada = client({ copy: Y.encodeStateAsUpdate(copy) })
    ada.provider.connect()
    ada.socket.open()
    ada.socket.say({ ...hello(), restored: true } as Message)
    ada.socket.say({ type: 'step1', vector: Y.encodeStateVector(doc) }, { type: 'state', seq: 3, update: EMPTY_UPDATE })
    expect(ada.socket.all('whole').map((whole) => textAfter(update, whole.update))).toEqual(['o'])
  })

  it('brings back a saved deletion when the server has gone back to a backup', () => {
    const { doc, update } = someone('hello')
    const ada = client().join({ seq: 5, state: update })
    ada.erase(0, 4)
    ada.hands.turn(30)
    const [push] = ada.socket.all('push')
    ada.socket.say({ type: 'delta', first: 6, last: 6, update: push?.update ?? EMPTY_UPDATE }, ack(1, 6))
    expect(ada.provider.status.unsaved).toBe(0)
    ada.socket.end(1012)
    ada.hands.turn(6_000)
    ada.join({ seq: 5, state: EMPTY_UPDATE, vector: Y.encodeStateVector(doc) })
    const [whole] = ada.socket.all('whole')
    if (!whole) throw new Error('no WHOLE')
    expect(textAfter(update, whole.update)).toBe('o')
  })

  it('says Reconnecting, then Offline with the number of edits, then Saved', () => {
    const ada = client({ random: () => 0.999 }).join()
    ada.socket.end(1012)
    expect(ada.word).toBe('reconnecting')
    ada.type('a')
    ada.type('b')
    ada.hands.turn(3_000)
    expect(ada.word).toBe('offline')
    expect(ada.provider.status.unsaved).toBe(2)
    ada.provider.network(true)
    ada.join()
    ada.socket.say(ack(1))
    expect(ada.word).toBe('saved')
  })

  it('raises the clock of its presence', () => {
    const ada = client().join()
    const clock = ada.awareness.meta.get(ada.doc.clientID)?.clock ?? 0
    ada.socket.end(1006)
    ada.hands.turn(200)
    ada.join()
    expect(ada.awareness.meta.get(ada.doc.clientID)?.clock).toBeGreaterThan(clock)
    expect(ada.socket.all('awareness').length).toBeGreaterThan(0)
  })
})

describe('a reload with unsaved edits', () => {
  it('sends what an earlier page left on the device, a pure deletion too, and then forgets the note', () => {
    const drawer = new Drawer()
    const { doc, update } = someone('hello')
    const before = client({ drawer }).join({ seq: 1, state: update })
    before.socket.end(1006)
    before.erase(1, 4)
    before.provider.flush()
    before.provider.destroy()
    expect(unsavedOnDevice(drawer)).toBe(1)

    const after = client({ drawer, copy: Y.encodeStateAsUpdate(before.doc) })
    expect(after.provider.status.unsaved).toBe(1)
    after.join({ seq: 1, state: EMPTY_UPDATE, vector: Y.encodeStateVector(doc) })
    const [whole] = after.socket.all('whole')
    if (!whole) throw new Error('no WHOLE')
    expect(textAfter(update, whole.update)).toBe('h')
    after.socket.say(ack(1))
    expect(unsavedOnDevice(drawer)).toBe(0)
  })

  it('does not count twice what a second reload finds', () => {
    const drawer = new Drawer()
    const first = client({ drawer }).join()
    first.socket.end(1006)
    first.type('one')
    first.provider.destroy()
    const second = client({ drawer, copy: Y.encodeStateAsUpdate(first.doc) })
    second.type(' two')
    second.provider.flush()
    expect(second.provider.status.unsaved).toBe(2)
    expect(unsavedOnDevice(drawer)).toBe(2)
  })

  it('leaves the note of another tab that has written since', () => {
    const drawer = new Drawer()
    const other = new UnsavedNotes(drawer, '1', 'minutes')
    other.write({ client: 77, clock: 0, count: 1 })
    const ada = client({ drawer }).join()
    other.write({ client: 77, clock: 0, count: 2 })
    ada.socket.say(ack(1))
    expect(unsavedOnDevice(drawer)).toBe(2)
  })
})

describe('rights', () => {
  it('lets nothing leave from a reader, whatever the editor does to the document', () => {
    const ada = client({ role: 'viewer' }).join({ role: 'viewer' })
    ada.type('mended')
    ada.hands.turn(5_000)
    expect(ada.socket.all('push')).toEqual([])
    expect(ada.socket.all('whole')).toEqual([])
    expect(ada.provider.status.unsaved).toBe(0)
    expect(ada.word).toBe('readonly')
  })

  it('locks in place when nothing is under way', () => {
    const ada = client().join()
    ada.socket.say({ type: 'access', role: 'viewer' })
    expect(ada.provider.role).toBe('viewer')
    expect(ada.losses).toEqual([])
    expect(ada.word).toBe('readonly')
  })

  it('waits for the acknowledgement of what was under way when the right went', () => {
    const ada = client().join()
    ada.type('in time')
    ada.hands.turn(30)
    ada.socket.say({ type: 'access', role: 'viewer' }, ack(1))
    ada.hands.turn(10_000)
    expect(ada.losses).toEqual([])
  })

  it('tells of edits that were under way and never answered', () => {
    const ada = client().join()
    ada.type('too late')
    ada.hands.turn(30)
    ada.socket.say({ type: 'access', role: 'viewer' })
    ada.hands.turn(2_000)
    expect(ada.losses).toEqual(['access'])
  })

  it('tells of refused edits, once', () => {
    const ada = client().join()
    ada.type('too late')
    ada.hands.turn(30)
    ada.socket.say({ type: 'refused', batch: 1, code: 'access', message: '' }, { type: 'access', role: 'viewer' })
    ada.hands.turn(5_000)
    expect(ada.losses).toEqual(['access'])
    expect(ada.provider.unsavedRanges()).toContainEqual({ client: ada.doc.clientID, clock: 0, count: 1 })
  })

  it('tells of edits made offline by one who was demoted meanwhile, and does not send them', () => {
    const ada = client().join()
    ada.socket.end(1006)
    ada.type('offline')
    ada.hands.turn(200)
    ada.join({ role: 'viewer' })
    expect(ada.losses).toEqual(['access'])
    expect(ada.socket.all('whole')).toEqual([])
  })

  it('tells of edits that an earlier page left, when the reload finds a reader', () => {
    const drawer = new Drawer()
    const before = client({ drawer }).join()
    before.socket.end(1006)
    before.type('offline')
    before.provider.destroy()
    const after = client({ drawer, role: 'viewer', copy: Y.encodeStateAsUpdate(before.doc) }).join({ role: 'viewer' })
    expect(after.losses).toEqual(['access'])
    expect(after.socket.all('whole')).toEqual([])
    expect(after.provider.unsavedRanges()).toContainEqual({ client: before.doc.clientID, clock: 0, count: 1 })
  })

  it('begins again with a fresh document when a reader whose editor had mended something may write', () => {
    const ada = client({ role: 'viewer' }).join({ role: 'viewer' })
    ada.type('mended')
    ada.socket.say({ type: 'access', role: 'editor' })
    ada.hands.turn(5_000)
    expect(ada.losses).toEqual(['diverged'])
    expect(ada.socket.all('push')).toEqual([])
  })

  it('lets a promoted reader write, without a step 1 of the server', () => {
    const ada = client({ role: 'viewer' }).join({ role: 'viewer' })
    ada.socket.say({ type: 'access', role: 'editor' })
    ada.type('now')
    ada.hands.turn(30)
    expect(ada.socket.all('push').map(({ batch, update }) => [batch, textAfter(update)])).toEqual([[1, 'now']])
  })

  it('is final on 4403', () => {
    const ada = client().join()
    ada.socket.end(4403)
    ada.hands.turn(60_000)
    expect(ada.finals).toEqual([4403])
    expect(ada.sockets.list).toHaveLength(1)
  })

  it('begins again with a fresh document on 4409', () => {
    const ada = client().join()
    ada.socket.end(4409)
    expect(ada.losses).toEqual(['diverged'])
    expect(ada.finals).toEqual([])
  })
})

describe('size', () => {
  it('stops pushing after a refusal, and offers a WHOLE when the typing has rested for two seconds', () => {
    const ada = client().join()
    ada.type('x'.repeat(50))
    ada.hands.turn(30)
    ada.socket.say({ type: 'refused', batch: 1, code: 'full', message: 'full' })
    expect(ada.word).toBe('failed')
    ada.erase(0, 40)
    ada.hands.turn(1_999)
    ada.erase(0, 5)
    ada.hands.turn(1_999)
    expect(ada.socket.heard.filter(({ type }) => type === 'push' || type === 'whole')).toHaveLength(1)
    ada.hands.turn(1)
    const [whole] = ada.socket.all('whole')
    expect(whole?.batch).toBe(2)
    expect(textAfter(whole?.update ?? EMPTY_UPDATE)).toBe('x'.repeat(5))
    ada.socket.say(ack(2))
    expect(ada.word).toBe('saved')
    ada.type('y')
    ada.hands.turn(30)
    expect(ada.socket.all('push').at(-1)?.batch).toBe(3)
  })

  it('offers a smaller WHOLE after an undo, though the history keeps what was undone', () => {
    const ada = client().join()
    const history = new Y.UndoManager(ada.doc.getText('body'))
    ada.type('x'.repeat(5_000))
    ada.hands.turn(30)
    ada.socket.say({ type: 'refused', batch: 1, code: 'full', message: 'full' })
    history.undo()
    ada.hands.turn(2_000)
    const [whole] = ada.socket.all('whole')
    expect(whole?.update.length).toBeLessThan(100)
    history.redo()
    expect(ada.text).toHaveLength(5_000)
  })

  it('never sends a frame over the limit, and recovers when the change is taken back', () => {
    const ada = client().join()
    ada.socket.say(hello('editor', 0, { messageBytes: 500, documentBytes: 1_000 }))
    ada.type('y'.repeat(600))
    ada.hands.turn(30)
    expect(ada.socket.all('push')).toEqual([])
    expect(ada.provider.status.trouble).toBe('size')
    ada.erase(0, 600)
    ada.hands.turn(2_000)
    expect(ada.socket.all('whole')).toHaveLength(1)
    ada.socket.say(ack(1))
    expect(ada.word).toBe('saved')
  })
})

describe('presence', () => {
  it('is sent at most every 80 ms, and its removal when the page is left', () => {
    const ada = client().join()
    ada.hands.turn(100)
    const sent = ada.socket.all('awareness').length
    for (let n = 0; n < 8; n++) {
      ada.awareness.setLocalStateField('cursor', n)
      ada.hands.turn(10)
    }
    expect(ada.socket.all('awareness')).toHaveLength(sent + 1)
    ada.provider.presence.vanish()
    expect(ada.socket.all('awareness')).toHaveLength(sent + 2)
    ada.provider.presence.appear()
    expect(ada.awareness.getLocalState()).toMatchObject({ cursor: 7 })
  })

  it('of many who move is shown every 100 ms, with the first at once', () => {
    const ada = client().join()
    ada.hands.turn(1_000)
    const shown: number[] = []
    ada.awareness.on('change', () => shown.push(ada.awareness.getStates().size - 1))
    for (let n = 0; n < 3; n++) {
      const other = client().join()
      other.awareness.setLocalState({ user: { id: `${n}`, name: 'Bob', color: '#be185d' } })
      other.hands.turn(100)
      const [said] = other.socket.all('awareness').slice(-1)
      if (said) ada.socket.say(said)
    }
    expect(shown).toEqual([1])
    ada.hands.turn(99)
    expect(shown).toEqual([1])
    ada.hands.turn(1)
    expect(shown).toEqual([1, 2, 3])
  })

  it.each([
    ['a quick reconnect', 1006, 5_000],
    ['a planned restart', Close.RESTART, 20_000],
  ])('keeps the others on screen through %s, and takes them off when it lasts', (_, code, lasts) => {
    const hands = client().hands
    const ada = client({ hands }).join()
    const bob = client().join()
    bob.awareness.setLocalState({ user: { id: '2', name: 'Bob', color: '#be185d' } })
    bob.hands.turn(100)
    const [said] = bob.socket.all('awareness').slice(-1)
    if (!said) throw new Error('bob is not to be seen')
    ada.socket.say(said)
    expect(ada.awareness.getStates().has(bob.doc.clientID)).toBe(true)
    ada.socket.end(code)
    hands.turn(lasts - 1_000)
    expect(ada.awareness.getStates().has(bob.doc.clientID)).toBe(true)
    hands.turn(1_000)
    expect(ada.awareness.getStates().has(bob.doc.clientID)).toBe(false)
    ada.provider.wake()
    ada.socket.open()
    ada.socket.say(said)
    expect(ada.awareness.getStates().has(bob.doc.clientID)).toBe(true)
  })
})

/** Several people in one room, over a network that delays, drops and reconnects: all end with the same text. */
import { expect, it } from 'vitest'
import { Client } from './client'
import { Hands } from './hands'
import { PlayRoom, type PlaySocket } from './server'

/** Numbers in [0, 1) that are the same on every run with this seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

it.each([1, 2, 3, 4, 5, 6, 7, 8])('two people converge through a bad network (seed %i)', (seed) => {
  const random = seeded(seed)
  const hands = new Hands()
  const room = new PlayRoom()
  const open = new Set<PlaySocket>()
  const people = [0, 1].map(() => {
    const client = new Client({ hands, random })
    client.sockets.onSocket = (socket) => {
      hands.after(random() * 50, () => {
        if (socket.closed) return
        room.admit(socket)
        open.add(socket)
      })
    }
    client.provider.connect()
    return client
  })
  for (let step = 0; step < 300; step++) {
    const client = people[step % 2]
    if (client === undefined) throw new Error('nobody')
    const length = client.text.length
    if (length > 3 && random() < 0.3) client.erase(Math.floor(random() * (length - 2)), 2)
    else client.type(String.fromCharCode(97 + (step % 26)), Math.floor(random() * (length + 1)))
    if (random() < 0.05) {
      const socket = client.socket
      if (open.delete(socket)) room.lose(socket)
    }
    hands.turn(random() * 80)
  }
  hands.turn(60_000)
  const texts = people.map((client) => client.text)
  expect(texts).toEqual([room.doc.getText('body').toString(), room.doc.getText('body').toString()])
  expect(people.map((client) => client.provider.status.unsaved)).toEqual([0, 0])
  expect(people.map((client) => client.losses)).toEqual([[], []])
  for (const client of people) client.leave()
})

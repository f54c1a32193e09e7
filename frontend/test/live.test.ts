import { describe, expect, it } from 'vitest'
import type { Message } from '../src/collab/wire'
import { Live, MAX_WATCHED, OFFLINE_AFTER_MS, WATCH_AFTER_MS } from '../src/home/live'
import { Hands } from './hands'
import { Sockets } from './server'

const PLAN = '0f8fad5b-d9cb-469f-a165-70867728950e'

function stage() {
  const hands = new Hands()
  const sockets = new Sockets()
  const heard: unknown[] = []
  const live = new Live({
    url: 'ws://test/ws/home/',
    WebSocket: sockets.Socket,
    clock: hands,
    random: () => 0.5,
    onLines: (lines, gone) => heard.push(['lines', lines.length, gone]),
    onAppeared: (document) => heard.push(['appeared', document]),
    onStale: () => heard.push(['stale']),
    onOffline: (offline) => heard.push(['offline', offline]),
    onFinal: (code) => heard.push(['final', code]),
  })
  live.connect()
  return { hands, sockets, heard, live }
}

describe('the socket of the home page', () => {
  it('says what is on the screen once the scrolling rests, and no more than the server takes', () => {
    const { hands, sockets, live } = stage()
    sockets.last.open()
    live.watch([PLAN])
    hands.turn(WATCH_AFTER_MS - 1)
    live.watch(Array.from({ length: MAX_WATCHED + 5 }, () => PLAN))
    hands.turn(WATCH_AFTER_MS)
    const said = sockets.last.all('watch')
    expect(said.map(({ documents }) => documents.length)).toEqual([0, MAX_WATCHED])
  })

  it('hands on what the server says', () => {
    const { sockets, heard } = stage()
    sockets.last.open()
    const messages: Message[] = [
      { type: 'lines', lines: [], gone: [PLAN] },
      { type: 'appeared', document: PLAN },
      { type: 'stale' },
    ]
    sockets.last.say(...messages)
    expect(heard).toEqual([['offline', false], ['lines', 0, [PLAN]], ['appeared', PLAN], ['stale']])
  })

  it('says that it is offline after a while only, and after a loss reads the list again', () => {
    const { hands, sockets, heard, live } = stage()
    sockets.last.open()
    live.watch([PLAN])
    sockets.last.end(1006)
    hands.turn(OFFLINE_AFTER_MS)
    expect(heard).toEqual([
      ['offline', false],
      ['offline', true],
    ])
    sockets.last.open()
    expect(heard.slice(2)).toEqual([['offline', false], ['stale']])
    expect(sockets.last.all('watch')).toEqual([{ type: 'watch', documents: [PLAN] }])
  })

  it('does not say that it is offline for a blink', () => {
    const { hands, sockets, heard } = stage()
    sockets.last.open()
    sockets.last.end(1006)
    hands.turn(OFFLINE_AFTER_MS - 1)
    sockets.last.open()
    hands.turn(OFFLINE_AFTER_MS)
    expect(heard).not.toContainEqual(['offline', true])
  })

  it('does not come back after a sign-out', () => {
    const { hands, sockets, heard } = stage()
    sockets.last.open()
    sockets.last.end(4401)
    hands.turn(60_000)
    expect(heard).toContainEqual(['final', 4401])
    expect(sockets.list).toHaveLength(1)
  })
})

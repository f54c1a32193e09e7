// @vitest-environment jsdom
import { expect, it } from 'vitest'
import { mountFar, NearCaret } from '../src/editor/far'
import type { Desk } from '../src/editor/features'
import { press, writer } from './writer'

it.each([
  ['Home', { ctrlKey: true }, [1, 1]],
  ['End', { ctrlKey: true }, [10, 10]],
  ['Home', { ctrlKey: true, shiftKey: true }, [7, 1]],
  ['End', { ctrlKey: true, shiftKey: true }, [7, 10]],
])('takes the caret to the end of the text itself: %s %j', (key, held, [anchor, head]) => {
  const editor = writer('<p>one</p><p>four</p>', [NearCaret])
  editor.commands.setTextSelection(7)
  press(editor, key, held)
  expect([editor.state.selection.anchor, editor.state.selection.head]).toEqual([anchor, head])
  editor.destroy()
})

it('lets blocks wait in long texts only', () => {
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  const editor = writer('<p>a</p>'.repeat(150), [NearCaret])
  const stage = document.createElement('div')
  const unmount = mountFar({ stage, editor } as unknown as Desk)
  expect(stage.className).toBe('')
  editor.commands.insertContentAt(0, '<p>b</p>')
  expect(stage.className).toBe('long')
  unmount()
  editor.destroy()
})

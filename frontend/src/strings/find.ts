/** The words of finding and replacing. */
import type { Entry } from '../strings'

export const findWords = {
  'find.label': 'Find and replace',
  'find.text': 'Find',
  'find.substitute': 'Replace with',
  'find.count': '{at} of {of}',
  'find.none': 'No results',
  'find.next': 'Next match (Enter)',
  'find.previous': 'Previous match (Shift+Enter)',
  'find.case': 'Match case',
  'find.word': 'Whole words',
  'find.close': 'Close (Escape)',
  'find.replace': 'Replace',
  'find.all': 'Replace all',
  'find.replaced': { one: '{n} replaced', other: '{n} replaced' },
  'find.fixed': 'Part of a mention: it cannot be replaced',
} satisfies Record<string, Entry>

/** A notice as the server tells it. */
import type { Notice } from '../src/inbox/requests'

export const aNotice = (given: Partial<Notice> = {}): Notice => ({
  id: 7,
  kind: 'shared',
  sentence: 'Ada shared “<b>Minutes</b>” with you (editor)',
  actor: 'Ada',
  title: '<b>Minutes</b>',
  document: 'd',
  url: '/documents/d/',
  role: 'editor',
  made_at: new Date().toISOString(),
  read: false,
  request: null,
  offer: false,
  ...given,
})

/** The words of the inbox. */
import type { Entry } from '../strings'

export const inboxWords = {
  'inbox.title': 'Notices',
  'inbox.all': 'Mark all as read',
  'inbox.all.done': 'All are read.',
  'inbox.unread': 'Unread',
  'inbox.empty': 'Nothing yet',
  'inbox.empty.hint': 'When somebody shares a document with you or asks you for access, you read it here.',
  'inbox.more': 'Show earlier ones',
  'inbox.loading': 'Loading…',
  'inbox.again': 'Try again',
  'inbox.mails': 'Choose what is also mailed',

  'inbox.give': 'Let them in as',
  'inbox.viewer': 'Viewer',
  'inbox.commenter': 'Commenter',
  'inbox.editor': 'Editor',
  'inbox.decline': 'Decline',
  'inbox.given': 'You let {name} in. Role: {role}.',
  'inbox.declined': 'You declined what {name} asked for.',
  'inbox.accept': 'Accept',
  'inbox.accepted': 'You are the owner now. {name} stays on as an editor.',
  'inbox.refused': 'You declined. {name} stays the owner.',
} satisfies Record<string, Entry>

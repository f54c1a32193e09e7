/** The one catalogue of what the page says; English is the first language, others replace `english`. */

type Entry = string | { one: string; other: string }

const english = {
  untitled: 'Untitled',
  app: 'Coscribe',

  'word.connecting': 'Connecting…',
  'word.saved': 'Saved',
  'word.saving': 'Saving…',
  'word.offline': 'Offline',
  'word.offline.kept': {
    one: 'Offline, {n} edit kept on this device',
    other: 'Offline, {n} edits kept on this device',
  },
  'word.offline.unkept': { one: 'Offline, {n} edit not saved', other: 'Offline, {n} edits not saved' },
  'word.reconnecting': 'Reconnecting…',
  'word.failed': 'Could not save: {why}',
  'word.readonly': 'Read only',
  'word.saved.at': 'Saved at {time}, edit {seq}',
  'word.saved.seq': 'Everything is saved, edit {seq}',
  'word.saving.title': 'Sent, waiting for the server to confirm',
  'word.offline.title': 'Your edits are sent as soon as the server can be reached',
  'why.full': 'this document is full',
  'why.size': 'that change is too large',
  'why.invalid': 'the server could not use the last change',
  'why.protocol': 'this page and the server do not understand each other',
  'why.slow': 'the server has not confirmed for a while',

  'trouble.full':
    'Could not save: this document is full (limit {limit}). Copy what is not saved, or delete something: saving is tried again.',
  'trouble.size':
    'Could not save: the last change is larger than the server takes at once ({limit}). Undo it, or copy it to a safe place.',
  'trouble.invalid': 'Could not save: the server could not use the last change. Copy what is not saved, then reload.',
  'trouble.protocol': 'Could not save: this page and the server do not understand each other. Reload the page.',
  'trouble.slow': 'The server has not confirmed your last edits. They are kept on this device and sent again.',

  'banner.reader': 'You can now only read.',
  'banner.commenter': 'You can now comment, but not edit.',
  'banner.writer': 'You can now edit.',
  'banner.owner': 'You are now an owner.',
  'refused.access': 'What you typed was not saved.',
  'refused.nothing': 'Your last changes (deletions or formatting) were not saved.',
  'refused.diverged':
    'This copy of the document did not fit with the server’s and was replaced. What you typed was not saved.',
  'refused.label': 'What was not saved',
  copy: 'Copy',
  copied: 'Copied',
  download: 'Download',
  dismiss: 'Dismiss',
  reload: 'Reload',
  cancel: 'Cancel',

  'left.access': 'You no longer have access to this document',
  'left.access.hint': 'An owner of the document has changed who may read it.',
  'left.gone': 'This document is gone',
  'left.gone.hint': 'It was deleted, or it never existed.',
  'left.signedOut': 'You are signed out',
  'left.signedOut.hint': 'Sign in to go on where you were.',
  'left.signedOut.kept': {
    one: '{n} edit is kept on this device and sent when you sign in again.',
    other: '{n} edits are kept on this device and sent when you sign in again.',
  },
  'left.offline': 'This document is not on this device',
  'left.offline.hint': 'It opens as soon as the server can be reached.',
  'left.home': 'Go to your documents',
  'left.signIn': 'Sign in',

  'people.joined': '{name} joined',
  'people.left': '{name} left',
  'people.idle': '{name} (away)',
  'people.more': { one: '{n} more person', other: '{n} more people' },
  'people.here': 'here now',

  'editor.label': 'Text of the document',
  'editor.placeholder': 'Write something…',

  'tool.style': 'Style',
  'tool.paragraph': 'Text',
  'tool.heading': 'Heading {n}',
  'tool.bold': 'Bold',
  'tool.italic': 'Italic',
  'tool.underline': 'Underline',
  'tool.strike': 'Strikethrough',
  'tool.code': 'Code',
  'tool.bulletList': 'Bulleted list',
  'tool.orderedList': 'Numbered list',
  'tool.blockquote': 'Quote',
  'tool.undo': 'Undo',
  'tool.redo': 'Redo',

  'role.viewer': 'Viewer',
  'role.commenter': 'Commenter',
  'role.editor': 'Editor',
  'role.owner': 'Owner',

  'share.title': 'Share “{title}”',
  'share.person': 'Name or e-mail',
  'share.role': 'Role',
  'share.roleOf': 'Role of {name}',
  'share.add': 'Add',
  'share.list': 'Who has access',
  'share.you': 'you',
  'share.group': 'group',
  'share.remove': 'Remove {name}',
  'share.link': 'Anyone with the link',
  'share.link.none': 'Restricted',
  'share.link.none.hint': 'Only the people above can open it',
  'share.link.viewer': 'can view',
  'share.link.commenter': 'can comment',
  'share.link.editor': 'can edit',
  'share.copyLink': 'Copy link',
  'share.linkCopied': 'Link copied.',
  'share.close': 'Close',
  'share.readonly': 'Only owners can change who has access.',
  'share.now.viewer': '{name} can now view.',
  'share.now.commenter': '{name} can now comment.',
  'share.now.editor': '{name} can now edit.',
  'share.now.owner': '{name} is now an owner.',
  'share.removed': '{name} removed.',
  'share.linkChanged': 'Link setting changed.',
  'share.loading': 'Loading…',

  'error.network': 'The server cannot be reached. Try again when you are online.',
  'error.unknown': 'That did not work (status {status}). Try again.',

  'signOut.title': 'Sign out and lose edits?',
  'signOut.unsaved': {
    one: '{n} edit on this device has not reached the server. Signing out deletes it.',
    other: '{n} edits on this device have not reached the server. Signing out deletes them.',
  },
  'signOut.confirm': 'Sign out anyway',

  'home.kept': { one: '{n} edit kept on this device', other: '{n} edits kept on this device' },
  'home.nothing': 'No document is called “{text}”.',
} satisfies Record<string, Entry>

export type Key = keyof typeof english

const plurals = new Intl.PluralRules('en')

/** The text for `key`; `{name}` in it is replaced by `values.name`, and `values.n` chooses singular or plural. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const entry: Entry = english[key]
  const text = typeof entry === 'string' ? entry : plurals.select(Number(values.n)) === 'one' ? entry.one : entry.other
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** A size for people: 1 MB is 1,048,576 bytes, as the operator set it. */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10))
  const number = count / 1024 ** power
  return `${number >= 10 || power === 0 ? Math.round(number) : number.toFixed(1)} ${units[power]}`
}

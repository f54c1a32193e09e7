/**
 * What the pages say. English stands here; another language is a file in `strings/`, fetched before the first word is
 * shown when the page is in it (`<html lang>`), and never otherwise. A key it lacks is said in English.
 */

/** A text, or its forms by `Intl.PluralRules`. */
export type Entry = string | { one: string; other: string }

export const english = {
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
  'banner.ask': 'Ask to edit',
  'banner.asked': 'Asked. The owners are told.',
  'foreign.locked':
    'This document holds something this page cannot show, so it is read only here. Nothing was changed.',
  'foreign.hint': 'A reload may help: this page may be older than the document.',

  'refused.access': 'What you typed was not saved.',
  'refused.nothing': 'Your last changes (deletions or formatting) were not saved.',
  'refused.diverged':
    'This copy of the document did not fit with the server’s and was replaced. What you typed was not saved.',
  'refused.label': 'What was not saved',
  copy: 'Copy',
  copied: 'Copied',
  'download.markdown': 'Download as Markdown',
  dismiss: 'Dismiss',
  reload: 'Reload',
  cancel: 'Cancel',

  'left.access': 'You no longer have access to this document',
  'left.access.hint': 'An owner of the document has changed who may read it.',
  'left.self': 'You left this document',
  'left.self.hint': 'An owner can share it with you again.',
  'left.gone': 'This document is gone',
  'left.gone.hint': 'It was deleted, or it never existed.',
  'left.signedOut': 'You are signed out',
  'left.signedOut.hint': 'Sign in to go on where you were.',
  'left.signedOut.kept': {
    one: '{n} edit is kept on this device and sent when you sign in again.',
    other: '{n} edits are kept on this device and sent when you sign in again.',
  },
  'left.unsent': 'Not sent yet',
  'left.offline': 'This document is not on this device',
  'left.offline.hint': 'It opens as soon as the server can be reached.',
  'left.ask': 'Ask for access',
  'left.home': 'Go to your documents',
  'left.signIn': 'Sign in',

  bell: 'Notices',
  'bell.unread': { one: '{n} unread notice', other: '{n} unread notices' },

  'people.joined': '{name} joined',
  'people.left': '{name} left',
  'people.idle': '{name} (away)',
  'people.guest': '{name} (guest)',
  'people.guest.mark': 'Guest',
  'people.here': 'here now',

  'people.all': { one: 'All {n} person', other: 'All {n} people' },
  'people.hint': 'Press to go there, again to follow',
  'people.nowhere': '{name} has no caret in the text',
  'people.following': 'Following {name}',
  'people.followed': 'No longer following',
  'people.stop': 'Stop',
  'people.idle.now': 'Away',
  'people.viewing.now': 'Viewing',
  'people.editing.now': 'Editing',
  'people.editing.in': 'In “{title}”',
  'people.typing.now': 'Typing',
  'people.typing.in': 'Typing in “{title}”',

  'outline.title': 'Outline',

  'foot.words': { one: '{words} word', other: '{words} words' },
  'foot.selected': { one: '{words} of {all} words', other: '{words} of {all} words' },
  'foot.here': '{n} here',
  'foot.editing': '{n} editing',
  'foot.help': '? Shortcuts',
  'count.selection': 'Selection',
  'count.words': 'Words',
  'count.characters': 'Characters',
  'count.visible': 'Without spaces',
  'count.reading': 'Reading time',
  'count.minutes': { one: 'about {n} minute', other: 'about {n} minutes' },

  'paste.tooLarge': 'Too large to paste: {size}, and a document takes {limit} at once. Paste it in parts.',
  'paste.plain': 'That was very large: its text was pasted without the formatting.',
  'paste.failed': 'That could not be read: its text was pasted without the formatting.',

  'menu.rename': 'Rename',
  'menu.star': 'Add star',
  'menu.unstar': 'Remove star',
  'menu.starred': 'Starred',
  'menu.unstarred': 'Star removed',
  'menu.copy': 'Make a copy',
  'menu.find': 'Find and replace',
  'menu.print': 'Print',
  'menu.help': 'Keyboard shortcuts',
  'menu.download.markdown': 'Download as Markdown',
  'menu.download.html': 'Download as HTML',
  'menu.download.text': 'Download as plain text',
  'menu.home': 'All documents',
  'menu.account': 'Account',
  'menu.signOut': 'Sign out',
  'menu.trash': 'Move to trash',
  'menu.guest.rename': 'Change your name',
  'menu.guest.signIn': 'Sign in',
  'menu.guest.signUp': 'Create an account',
  'menu.guest.leave': 'Leave',

  'menu.trash.title': 'Move this document to the trash?',
  'menu.trash.hint': 'It leaves the screen of everybody who has it open. Owners can take it out of the trash again.',
  'menu.trash.confirm': 'Move to trash',
  'menu.failed': 'That did not work',

  'editor.label': 'Text of the document',
  'editor.placeholder': 'Write something, or type / for blocks…',

  'tool.style': 'Style',
  'tool.turn': 'Turn into',
  'tool.bold': 'Bold',
  'tool.italic': 'Italic',
  'tool.underline': 'Underline',
  'tool.strike': 'Strikethrough',
  'tool.code': 'Code',
  'tool.link': 'Link',
  'tool.colors': 'Text colour and highlight',
  'tool.bulletList': 'Bulleted list',
  'tool.orderedList': 'Numbered list',
  'tool.taskList': 'Task list',
  'tool.align': 'Alignment',
  'tool.table': 'Insert table',
  'tool.tableMenu': 'Table',
  'tool.insert': 'Insert',
  'tool.more': 'More',
  'tool.undo': 'Undo',
  'tool.redo': 'Redo',
  'bubble.label': 'Selected text',
  'slash.label': 'Blocks',
  'align.left': 'Left',
  'align.center': 'Centred',
  'align.right': 'Right',
  'align.justify': 'Justified',
  'color.text': 'Text colour',
  'color.highlight': 'Highlight',
  'color.none': 'None',
  'color.gray': 'Grey',
  'color.red': 'Red',
  'color.orange': 'Orange',
  'color.yellow': 'Yellow',
  'color.green': 'Green',
  'color.blue': 'Blue',
  'color.purple': 'Purple',
  'color.pink': 'Pink',
  'grid.label': 'Size of the table',
  'grid.size': '{rows} × {cols}',
  'table.label': 'Table',
  'table.rowBefore': 'Add row above',
  'table.rowAfter': 'Add row below',
  'table.columnBefore': 'Add column before',
  'table.columnAfter': 'Add column after',
  'table.headerRow': 'Header row',
  'table.headerColumn': 'Header column',
  'table.merge': 'Merge cells',
  'table.split': 'Split cell',
  'table.deleteRow': 'Delete row',
  'table.deleteColumn': 'Delete column',
  'table.delete': 'Delete table',
  'link.label': 'Link',
  'link.address': 'Address of the link',
  'link.placeholder': 'Paste or type an address',
  'link.save': 'Save',
  'link.open': 'Open in a new tab',
  'link.edit': 'Edit link',
  'link.remove': 'Remove link',
  'link.refused': 'This is not an address that can be linked. Try one such as example.com.',

  'block.text': 'Text',
  'block.text.words': 'paragraph plain body normal',
  'block.heading1': 'Heading 1',
  'block.heading1.words': 'title h1 large chapter',
  'block.heading2': 'Heading 2',
  'block.heading2.words': 'subtitle h2 medium section',
  'block.heading3': 'Heading 3',
  'block.heading3.words': 'h3 small subsection',
  'block.heading4': 'Heading 4',
  'block.heading4.words': 'h4 smallest',
  'block.bulletList': 'Bulleted list',
  'block.bulletList.words': 'unordered points ul bullets',
  'block.orderedList': 'Numbered list',
  'block.orderedList.words': 'ordered steps ol numbers',
  'block.taskList': 'Task list',
  'block.taskList.words': 'todo to-do checkbox check checklist',
  'block.blockquote': 'Quote',
  'block.blockquote.words': 'blockquote citation cite',
  'block.codeBlock': 'Code block',
  'block.codeBlock.words': 'program source snippet pre monospace',
  'block.callout': 'Callout',
  'block.callout.words': 'note tip info warning danger box aside',
  'block.details': 'Toggle',
  'block.details.words': 'details collapse fold expand accordion',
  'block.table': 'Table',
  'block.table.words': 'grid rows columns cells spreadsheet',
  'block.image': 'Image',
  'block.image.words': 'picture photo upload file img',
  'block.blockMath': 'Formula',
  'block.blockMath.words': 'math equation latex tex katex block',
  'block.inlineMath': 'Formula in the line',
  'block.inlineMath.words': 'math inline equation latex tex katex',
  'block.horizontalRule': 'Divider',
  'block.horizontalRule.words': 'horizontal rule line hr separator break',
  'block.mention': 'Mention',
  'block.mention.words': 'person people name at user someone',
  'blocks.text': 'Text',
  'blocks.lists': 'Lists',
  'blocks.blocks': 'Blocks',
  'blocks.insert': 'Insert',

  'role.viewer': 'Viewer',
  'role.commenter': 'Commenter',
  'role.editor': 'Editor',
  'role.owner': 'Owner',

  'share.copyLink': 'Copy link',
  'share.linkCopied': 'Link copied.',
  'share.close': 'Close',

  'suggest.count': { one: '{n} suggestion', other: '{n} suggestions' },
  'mention.label': 'People you can mention',
  'mention.none': 'Nobody with access to this document has that name.',
  'mention.offline': 'People are found when the server can be reached.',
  'mention.you': 'you',
  'mention.person': 'Mention of {name}',

  'image.pick': 'Choose a picture',
  'image.uploading': 'Uploading picture, {percent} %',
  'image.uploading.label': 'Uploading picture',
  'image.preparing': 'Preparing the picture…',
  'image.cancel': 'Cancel upload',
  'image.retry': 'Try again',
  'image.remove': 'Remove',
  'image.failed': 'This picture was not added.',
  'image.offline': 'Pictures can be added when the server can be reached.',
  'image.tooLarge': 'A picture may have at most {limit}; this one has {size}.',
  'image.notFetched': 'The picture could not be read from where it was copied.',
  'image.added': 'Picture added',
  'image.readonly': 'You may not add pictures here.',
  'image.alt': 'Alt text',
  'image.alt.label': 'What the picture shows, for who cannot see it',
  'image.alt.save': 'Done',
  'image.resize': 'Width of the picture',
  'image.resize.value': '{width} pixels wide',
  'image.reset': 'Original size',
  'image.foreign': 'Picture on another site',
  'image.name': 'Picture',

  'placeholder.line': 'Type / for blocks',
  'placeholder.heading': 'Heading {n}',
  'placeholder.toggle': 'Toggle',
  'task.done': 'Done: {text}',
  'task.empty': 'empty task',
  'callout.kind': '{kind}: choose the kind of callout',
  'callout.kinds': 'Kind of callout',
  'callout.note': 'Note',
  'callout.tip': 'Tip',
  'callout.warning': 'Warning',
  'callout.danger': 'Danger',
  'toggle.name': 'Show or hide what is in “{text}”',
  'code.language': 'Language of the code',
  'code.plain': 'Plain text',
  'code.copy': 'Copy the code',
  'math.empty': 'New formula',
  'math.emptyBlock': 'New formula: click to write it',
  'math.edit': 'Edit the formula',
  'math.source': 'Formula in LaTeX',
  'math.placeholder': 'E = mc^2',
  'math.hint': '{keys} keeps it, Escape does not',
  'math.done': 'Done',
  'handle.add': 'Add a block below',
  'handle.menu': 'Block menu',
  'handle.hint': 'Drag to move, click for the menu',
  'block.moveUp': 'Move up',
  'block.moveDown': 'Move down',
  'block.duplicate': 'Duplicate',
  'block.copy': 'Copy',
  'block.delete': 'Delete',
  'block.turnInto': 'Turn into',

  'error.network': 'The server cannot be reached. Try again when you are online.',
  'error.unknown': 'That did not work (status {status}). Try again.',

  'signOut.title': 'Sign out and lose edits?',
  'signOut.unsaved': {
    one: '{n} edit on this device has not reached the server. Signing out deletes it.',
    other: '{n} edits on this device have not reached the server. Signing out deletes them.',
  },
  'signOut.confirm': 'Sign out anyway',

  'token.notCopied': 'That could not be copied: select it and copy it yourself.',
  'token.revoke.title': 'Revoke “{name}”?',
  'token.revoke.what': 'Programs that use this token lose their access at once. This cannot be undone.',
  'token.revoke.confirm': 'Revoke',

  'time.now': 'just now',
  'unit.bytes': { one: '{n} byte', other: '{n} bytes' },
} satisfies Record<string, Entry>

export type Key = keyof typeof english
/** What parts of pages say that are loaded later; each is told by its own `t`, made by `speaking`. */
type LaterKey =
  | keyof typeof import('./strings/find').findWords
  | keyof typeof import('./strings/guest').guestWords
  | keyof typeof import('./strings/help').helpWords
  | keyof typeof import('./strings/home').homeWords
  | keyof typeof import('./strings/inbox').inboxWords
  | keyof typeof import('./strings/groups').groupsWords
  | keyof typeof import('./strings/share').shareWords
export type Catalogue = Partial<Record<Key | LaterKey, Entry>>

/** The language of this page, as the server printed it; English where there is no page. */
export const locale = globalThis.document?.documentElement.lang || 'en'

/** Makes the words of a language that has no file. */
let invent: ((words: Record<string, Entry>) => Catalogue) | null = null
const catalogue = await catalogueOf(locale)
const plurals = new Intl.PluralRules(locale)

/** The text for `key`; `{name}` in it is replaced by `values.name`, and `values.n` chooses singular or plural. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return say(catalogue[key] ?? english[key], values)
}

/**
 * A `t` for a part of a page that is loaded later and brings its own English `words`, so that no page loads them before.
 * Another language has them in its one file.
 */
export function speaking<W extends Record<string, Entry>>(words: W) {
  const later: Catalogue = invent?.(words) ?? catalogue
  return (key: keyof W & string, values: Record<string, string | number> = {}): string =>
    say(later[key as LaterKey] ?? (words[key] as Entry), values)
}

function say(entry: Entry, values: Record<string, string | number>): string {
  const text = typeof entry === 'string' ? entry : plurals.select(Number(values.n)) === 'one' ? entry.one : entry.other
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

async function catalogueOf(language: string): Promise<Catalogue> {
  try {
    if (language === 'de') return (await import('./strings/de')).german
    if (language === 'en-xa') {
      invent = (await import('./strings/pseudo')).pseudo // the server's tests choose it
      return invent(english)
    }
  } catch (error) {
    console.warn('coscribe: this language cannot be loaded', error)
  }
  return english
}

/** A size for people: 1 MB is 1,048,576 bytes, as the operator set it. */
export function bytes(count: number): string {
  const power = Math.min(3, Math.floor(Math.log2(Math.max(count, 1)) / 10))
  if (power === 0) return t('unit.bytes', { n: count })
  const number = count / 1024 ** power
  const digits = new Intl.NumberFormat(locale, { maximumFractionDigits: number >= 10 ? 0 : 1 })
  return `${digits.format(number)} ${['kB', 'MB', 'GB'][power - 1]}`
}

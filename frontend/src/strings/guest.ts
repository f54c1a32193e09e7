/** The words of the dialog in which a guest changes their name. */
import type { Entry } from '../strings'

export const guestWords = {
  'guest.title': 'What others call you',
  'guest.name': 'Your name',
  'guest.hint': 'Everybody who has this document open sees it, marked as a guest.',
  'guest.save': 'Save',
  'guest.account': 'With an account you have a list of your documents, and this one stays in it.',
  'guest.none': 'Say how you want to be called.',
} satisfies Record<string, Entry>

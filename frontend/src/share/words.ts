/** What the dialog says; fetched with it. */
import { speaking } from '../strings'
import { shareWords } from '../strings/share'

export const say = speaking(shareWords)

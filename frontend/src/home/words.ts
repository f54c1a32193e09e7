/** What the home page says. */
import { speaking } from '../strings'
import { homeWords } from '../strings/home'

export const say = speaking(homeWords)
export type HomeKey = keyof typeof homeWords

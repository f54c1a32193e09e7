/** Whether plain text is Markdown beyond doubt. Wrongly said "yes" spoils a paste; wrongly said "no" costs a shortcut. */

const SURE = 3

const SIGNS: [pattern: RegExp, weight: number, most: number][] = [
  [/^(```|~~~)[^\n`]*\n[\s\S]*?^\1[ \t]*$/gm, 3, 3], // a fence that closes
  [/^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(\|[ \t]*:?-{3,}:?[ \t]*)+\|?[ \t]*$/gm, 3, 3], // the line under a table's head
  [/^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+\S/gm, 3, 3], // a task
  [/(?<=^|\n\n)#{1,6}[ \t]+\S[^\n]*(?=\n\n|\n?$)/g, 2, 4], // a heading that stands alone
  [/^#{1,6}[ \t]+\S/gm, 0.5, 1],
  [/^[ \t]{0,3}[-*+][ \t]+\S[^\n]*\n(?:[ \t]*\n)?[ \t]{0,6}[-*+][ \t]+\S/gm, 3, 3], // two points one after the other
  [/^[ \t]{0,3}1[.)][ \t]+\S[^\n]*\n(?:[ \t]*\n)?[ \t]{0,6}2[.)][ \t]+\S/gm, 3, 3],
  [/!?\[[^\]\n]+\]\((?:https?:|mailto:|\/)[^)\s]*\)/g, 2, 4],
  [/(?<![\w*])\*\*(?=\S)[^*\n]+(?<=\S)\*\*(?![\w*])/g, 1.5, 3],
  [/^>[ \t]+\S/gm, 1, 2],
  [/(?<!`)`[^`\n]+`(?!`)/g, 1, 1],
  [/^\$\$\n[\s\S]+?\n\$\$$/gm, 3, 3],
]

/** Lines that programs have and prose has not. */
const CODE = /[;{}]\s*$|^\s*(import|from|def|class|const|let|var|function|return|#include|#!|sudo|export)\b|^\s*\/\//

export function looksLikeMarkdown(text: string): boolean {
  const outside = text.replace(/^(```|~~~)[\s\S]*?^\1[ \t]*$/gm, '')
  const lines = outside.split('\n').filter((line) => line.trim() !== '')
  const code = lines.filter((line) => CODE.test(line)).length
  if (lines.length > 0 && code / lines.length > 0.25) return false
  let sum = 0
  for (const [pattern, weight, most] of SIGNS) {
    const found = text.match(pattern)?.length ?? 0
    sum += Math.min(found * weight, most)
    if (sum >= SURE) return true
  }
  return false
}

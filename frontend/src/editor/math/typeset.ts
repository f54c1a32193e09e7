/** KaTeX, tamed: no links, no endless macros, and an error is the source in red that says why. */
import katex from 'katex'
import 'katex/dist/katex.min.css'
import '../../styles/math.css'

/** Widths and heights that a formula may ask for, in ems. */
const MAX_SIZE_EM = 40
const MAX_EXPANSIONS = 500
/** UTF-16 units; more is shown as source. */
const MAX_LATEX_LENGTH = 5_000

/** Fills `element` with the formula: HTML for the eye and MathML for what reads aloud. */
export function typeset(element: HTMLElement, latex: string, display: boolean): void {
  element.classList.remove('math-wrong')
  element.removeAttribute('title')
  try {
    if (latex.length > MAX_LATEX_LENGTH) throw new Error(`longer than ${MAX_LATEX_LENGTH} characters`)
    // Into a box of its own first: what fails half-way must not stay.
    const box = document.createElement('span')
    katex.render(latex, box, {
      displayMode: display,
      output: 'htmlAndMathml',
      throwOnError: true,
      strict: 'ignore',
      trust: false,
      maxSize: MAX_SIZE_EM,
      maxExpand: MAX_EXPANSIONS,
    })
    element.replaceChildren(...box.childNodes)
  } catch (error) {
    element.classList.add('math-wrong')
    element.title = error instanceof Error ? error.message : String(error)
    element.replaceChildren(latex)
  }
}

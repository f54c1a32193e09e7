/**
 * Where the on-screen keyboard ends, as `--keyboard`: how far up a bar at the bottom must go to stand on it.
 *
 * Browsers that shrink the page for the keyboard (`interactive-widget=resizes-content`) need nothing; Safari lays the
 * keyboard over the page and only tells the visual viewport.
 */
export function keepAboveKeyboard(): () => void {
  const seen = window.visualViewport
  if (!seen) return () => {}
  const root = document.documentElement
  const follow = () => {
    const zoomed = seen.scale > 1.01 // pinched: the bar stays with the page
    const covered = zoomed ? 0 : Math.max(0, Math.round(root.clientHeight - seen.height - seen.offsetTop))
    root.style.setProperty('--keyboard', `${covered}px`)
  }
  seen.addEventListener('resize', follow)
  seen.addEventListener('scroll', follow)
  follow()
  return () => {
    seen.removeEventListener('resize', follow)
    seen.removeEventListener('scroll', follow)
    root.style.removeProperty('--keyboard')
  }
}

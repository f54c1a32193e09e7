/** The page of groups: those one is in, by name; each opens to its people and to what can be done with it. */
import '../styles/groups.css'
import { ApiError } from '../api'
import { h } from '../dom'
import { part } from '../page'
import { speaking } from '../strings'
import { groupsWords } from '../strings/groups'
import { GroupCard } from './card'
import { groupRequests } from './requests'

const t = speaking(groupsWords)

/** Fills `#groups`, for the person of this page. */
export function mountGroups(person: string): void {
  const place = part('groups')
  const said = h('p', { class: 'unseen', role: 'status' })
  const problem = h('p', { class: 'problem', role: 'alert', id: 'new-group-problem' })
  const list = h('div', { class: 'group-list' })
  const state = h('div', { class: 'groups-state' })
  const more = h('button', { type: 'button', class: 'button', hidden: true }, t('groups.more'))
  const cards = new Map<number, GroupCard>()
  let next = ''

  const say = (sentence: string) => {
    said.textContent = sentence
  }
  const card = (id: number, make: () => GroupCard): GroupCard => {
    const made = cards.get(id) ?? make()
    cards.set(id, made)
    return made
  }
  const gone = (card: GroupCard, sentence: string) => {
    cards.delete(card.group.id)
    card.element.remove()
    say(sentence)
    showEmpty()
    name.focus()
  }
  const showEmpty = () => {
    const nothing = h('p', { class: 'groups-nothing' }, h('b', {}, t('groups.empty')), t('groups.empty.hint'))
    state.replaceChildren(...(cards.size === 0 ? [nothing] : []))
  }
  const read = async () => {
    place.setAttribute('aria-busy', 'true')
    if (cards.size === 0) state.replaceChildren(h('p', { class: 'quiet' }, t('groups.loading')))
    try {
      const page = await groupRequests.list(next)
      for (const group of page.teams) {
        list.append(card(group.id, () => new GroupCard(group, { person, say, gone })).element)
      }
      next = page.next
      more.hidden = next === ''
      showEmpty()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const again = h('button', { type: 'button', class: 'button', onclick: () => void read() }, t('groups.again'))
      state.replaceChildren(h('p', { class: 'problem', role: 'alert' }, error.detail), again)
    } finally {
      place.removeAttribute('aria-busy')
    }
  }

  const name = h('input', {
    class: 'field',
    id: 'new-group',
    dir: 'auto',
    maxlength: '80',
    required: '',
    autocomplete: 'off',
    placeholder: t('groups.new'),
    'aria-label': t('groups.new'),
    'aria-describedby': problem.id,
  })
  const form = h(
    'form',
    { class: 'groups-form' },
    name,
    h('button', { class: 'button main' }, t('groups.make')),
    problem,
  )
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    problem.textContent = ''
    name.removeAttribute('aria-invalid')
    try {
      const group = await groupRequests.make(name.value)
      const made = card(group.id, () => new GroupCard(group, { person, say, gone }))
      list.prepend(made.element)
      showEmpty()
      name.value = ''
      say(t('groups.made', { name: group.name }))
      await made.open('add')
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      problem.textContent = error.detail
      name.setAttribute('aria-invalid', 'true')
      name.focus()
    }
  })
  more.addEventListener('click', () => void read())
  place.replaceChildren(form, state, list, more, said)
  void read()
}

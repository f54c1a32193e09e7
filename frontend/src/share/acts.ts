/** What an owner does with those who have access, and what anybody does with their own: questions first, then the act. */
import { confirmed } from '../ask'
import type { Role } from '../collab/wire'
import type { Act } from './add'
import type { PeopleActs } from './people'
import type { AccessRequest, Invitation, LinkRole, Share, ShareRequests } from './shares'
import { say } from './words'

export class ShareActs implements PeopleActs {
  /** `onLeaving`: one's own access is given up, or after all not. */
  constructor(
    private readonly requests: ShareRequests,
    private readonly act: Act,
    private readonly onLeaving: (leaving: boolean) => void,
  ) {}

  async revise(share: Share, role: Role): Promise<void> {
    const question = {
      title: say('share.self'),
      hint: say('share.self.hint'),
      yes: say('share.self.yes'),
      danger: true,
    }
    if (share.you && !(await confirmed(question))) return
    const sentence = say(`share.now.${role}`, { name: share.name })
    await this.act(async () => ({ ...(await this.requests.revise(share, role)), sentence, saysNobody: true }))
  }

  async remove(share: Share): Promise<void> {
    const sentence = say('share.removed', { name: share.name })
    await this.act(async () => ({ ...(await this.requests.remove(share)), sentence, saysNobody: true }))
  }

  async leave(share: Share): Promise<void> {
    const question = {
      title: say('share.leave.title'),
      hint: say('share.leave.hint'),
      yes: say('share.leave.yes'),
      danger: true,
    }
    if (!(await confirmed(question))) return
    this.onLeaving(true) // the socket may tell before the answer does
    const isDone = await this.act(async () => ({ ...(await this.requests.remove(share)), sentence: say('share.left') }))
    if (!isDone) this.onLeaving(false)
  }

  async offer(share: Share): Promise<void> {
    const { name } = share
    const question = {
      title: say('share.offer.title', { name }),
      hint: say('share.offer.hint', { name }),
      yes: say('share.offer.yes'),
    }
    if (!(await confirmed(question))) return
    const sentence = say('share.offer.made', { name })
    await this.act(async () => ({ ...(await this.requests.offerTo(share)), sentence }))
  }

  async withdraw(): Promise<void> {
    await this.act(async () => ({ ...(await this.requests.withdraw()), sentence: say('share.offer.withdrawn') }))
  }

  async takeOffer(accepts: boolean): Promise<void> {
    await this.act(async () => {
      const { change } = await (accepts ? this.requests.accept() : this.requests.refuse())
      return { change, sentence: say(accepts ? 'share.offer.accepted' : 'share.offer.refused') }
    })
  }

  async answer(asked: AccessRequest, role: LinkRole): Promise<void> {
    const { name } = asked.person
    const sentence = say(role === null ? 'share.declined' : `share.now.${role}`, { name })
    await this.act(async () => ({ ...(await this.requests.answer(asked, role)), sentence }))
  }

  async uninvite(invitation: Invitation): Promise<void> {
    const sentence = say('share.pending.revoked')
    await this.act(async () => ({ ...(await this.requests.uninvite(invitation)), sentence }))
  }
}

"""The share dialog in its states, and what is seen of sharing outside of it."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Locator, Page, expect

from tests.browser.visitor import Visitor

from .harbour import TITLE
from .stage import Stage, scene

PASTED = "Bo Lind <bo@example.org>, mira; nobody-at-all\n@nowhere\nli"


async def sharing(visitor: Visitor) -> Locator:
    """The dialog, open."""
    await visitor.page.get_by_test_id("share-open").click()
    dialog = visitor.page.locator("dialog.share")
    await expect(dialog.locator(".share-link")).to_be_visible()
    return dialog


async def of_bos_own(stage: Stage) -> tuple[Visitor, str]:
    """Bo, at a copy of the plan that he shares with two; nobody else's scene sees it."""
    bo = await stage.come("bo")
    document = stage.house.copy(stage.harbour.plan, by="bo", title=TITLE)
    stage.house.share(document, "mira", "commenter", by="bo")
    stage.house.share(document, "jon", "editor", by="bo")
    return await bo.open(document), document


@scene
async def share_dialog(stage: Stage) -> Page:
    alma = await stage.reader()
    await expect(await sharing(alma)).to_contain_text("Mira Sol")
    return alma.page


@scene
async def share_log(stage: Stage) -> Page:
    bo, _ = await of_bos_own(stage)
    log = (await sharing(bo)).get_by_test_id("share-log")
    await log.locator("summary").click()
    await expect(log.get_by_role("listitem").filter(has_text="Mira Sol")).to_be_visible()
    await log.scroll_into_view_if_needed()
    return bo.page


@scene
async def share_refused(stage: Stage) -> Page:
    page = await share_dialog(stage)
    stage.visitors[0].tolerate(r"status of 4\d\d")
    await page.get_by_test_id("share-person").fill("nobody at all")
    await page.get_by_test_id("share-person").press("Enter")
    await expect(page.get_by_role("dialog").locator(".problem:not(:empty)")).to_be_visible()
    return page


@scene
async def share_pasted(stage: Stage) -> Page:
    """A list with mistakes in it: each is named, and nobody was added."""
    page = await share_dialog(stage)
    stage.visitors[0].tolerate(r"status of 4\d\d")
    await paste(page, PASTED)
    await page.get_by_test_id("share-person").press("Enter")
    await expect(page.locator(".refused-name")).to_have_count(2)
    return page


@scene
async def share_suggestions(stage: Stage) -> Page:
    bo, _document = await of_bos_own(stage)
    await sharing(bo)
    await bo.page.get_by_test_id("share-person").press_sequentially("a")
    await expect(bo.page.locator(".suggest-item").first).to_be_visible()
    await bo.page.keyboard.press("ArrowDown")
    return bo.page


@scene
async def share_receipt(stage: Stage) -> Page:
    """Somebody who is writing is removed: in effect where, and when."""
    document = stage.house.document(title="Minutes", bob="editor", carol="viewer")
    ada, bob = await stage.come("ada"), await stage.come("bob")
    bob.tolerate("status of 40[34]")  # whether he may ask for it again; and for an offer
    await bob.open(document)
    await ada.open(document)
    dialog = await sharing(ada)
    await choose(dialog, "Bob", "Remove")
    await expect(ada.page.get_by_test_id("share-receipt")).to_contain_text("1")
    return ada.page


@scene
async def share_invited(stage: Stage) -> Page:
    ada = await stage.come("ada")
    await ada.open(stage.house.document(title="Minutes", bob="editor"))
    dialog = await sharing(ada)
    await ada.page.get_by_test_id("share-person").fill("ingrid@harbour.example")
    await ada.page.get_by_test_id("share-person").press("Enter")
    await expect(dialog.locator(".share-address")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Take back the invitation")).to_be_visible()
    return ada.page


@scene
async def share_waiting(stage: Stage) -> Page:
    """All that waits: somebody who asks, invitations, an offer."""
    bo, document = await of_bos_own(stage)
    house = stage.house
    house.api("bo", "PUT", f"documents/{document}/request-setting/", {"admits": True})
    words = "I am to check the times of the ferries before Friday."
    house.api("kaia", "POST", f"documents/{document}/requests/", {"role": "editor", "words": words})
    house.api("bo", "POST", f"documents/{document}/invitations/", {"role": "viewer", "email": "ingrid@harbour.example"})
    house.api("bo", "POST", f"documents/{document}/invitations/", {"role": "commenter"})
    house.api("bo", "PUT", f"documents/{document}/offer/", {"person": house.people["mira"]["id"]})
    dialog = await sharing(bo)
    await expect(dialog.locator(".share-waiting")).to_contain_text("Kaia Moe")
    return bo.page


@scene
async def share_asked(stage: Stage) -> Page:
    """Somebody asks while the owner has the page open."""
    bo, document = await of_bos_own(stage)
    stage.house.api("bo", "PUT", f"documents/{document}/request-setting/", {"admits": True})
    stage.house.api("kaia", "POST", f"documents/{document}/requests/", {"role": "viewer"})
    await expect(bo.page.locator("#share-open[data-asking='1']")).to_be_visible()
    return bo.page


@scene
async def share_role_menu(stage: Stage) -> Page:
    alma = await stage.reader()
    dialog = await sharing(alma)
    await dialog.get_by_role("button", name="Role of Mira Sol").click()
    await expect(dialog.get_by_role("menuitemradio").first).to_be_visible()
    return alma.page


@scene
async def share_group(stage: Stage) -> Page:
    alma = await stage.reader()
    dialog = await sharing(alma)
    await dialog.locator(".share-who").click()
    await expect(dialog.locator(".share-members")).to_contain_text("Bo Lind")
    return alma.page


@scene
async def share_offer(stage: Stage) -> Page:
    alma = await stage.reader()
    await choose(await sharing(alma), "Jon Åker", "Offer ownership")
    await expect(alma.page.locator("dialog:not(.share)")).to_be_visible()
    return alma.page


@scene
async def share_offered(stage: Stage) -> Page:
    """The one whom it is offered to, with the dialog closed."""
    mira = await offered(stage)
    await expect(mira.page.get_by_test_id("offer")).to_be_visible()
    return mira.page


@scene
async def share_offered_dialog(stage: Stage) -> Page:
    mira = await offered(stage)
    await expect((await sharing(mira)).locator(".share-offer")).to_be_visible()
    return mira.page


async def offered(stage: Stage) -> Visitor:
    stage.harbour  # noqa: B018 - from now on bo lives in the house
    document = stage.house.copy(stage.harbour.plan, by="bo", title=TITLE)
    stage.house.share(document, "mira", "editor", by="bo")
    mira = await (await stage.come("mira")).open(document)
    stage.house.api("bo", "PUT", f"documents/{document}/offer/", {"person": stage.house.people["mira"]["id"]})
    return mira


@scene
async def share_link_settings(stage: Stage) -> Page:
    bo, document = await of_bos_own(stage)
    ends = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    stage.house.link(document, "commenter", by="bo", expires_at=ends, password="lighthouse")
    dialog = await sharing(bo)
    await dialog.get_by_role("button", name="Link settings").click()
    await dialog.get_by_role("button", name="Change").click()
    await dialog.get_by_label("Ends", exact=True).select_option("at")
    await dialog.locator(".share-asks").scroll_into_view_if_needed()
    return bo.page


@scene
async def share_rotation(stage: Stage) -> Page:
    bo, document = await of_bos_own(stage)
    stage.house.link(document, "viewer", by="bo")
    dialog = await sharing(bo)
    await dialog.get_by_role("button", name="Link settings").click()
    await dialog.get_by_role("button", name="Make a new link").click()
    await expect(bo.page.locator("dialog:not(.share)")).to_be_visible()
    return bo.page


@scene
async def share_for_a_reader(stage: Stage) -> Page:
    ines = await stage.reader("ines")
    await expect(await sharing(ines)).to_contain_text("Mira Sol")
    return ines.page


@scene
async def share_leave(stage: Stage) -> Page:
    page = await share_for_a_reader(stage)
    await page.get_by_role("button", name="Leave").click()
    await expect(page.locator("dialog:not(.share)")).to_be_visible()
    return page


@scene
async def share_for_a_guest(stage: Stage) -> Page:
    document = stage.house.document(title="Minutes")
    stage.house.link(document, "commenter")
    guest = await stage.come("")
    await guest.page.goto(f"/documents/{document}/")
    await guest.page.get_by_label("Your name").fill("Quiet Heron")
    await guest.page.get_by_role("button", name="Comment as a guest").click()
    await guest.synced()
    await guest.page.get_by_test_id("share-open").click()
    await expect(guest.page.locator("dialog.share")).to_contain_text("Quiet Heron")
    return guest.page


async def choose(dialog: Locator, name: str, what: str) -> None:
    """Choose `what` in the menu of somebody's role."""
    await dialog.get_by_role("button", name=f"Role of {name}").click()
    await dialog.get_by_role("menuitem", name=what).or_(dialog.get_by_role("menuitemradio", name=what)).click()


async def paste(page: Page, text: str) -> None:
    """Into the field for people, without the machine's clipboard: all tests share that."""
    await page.get_by_test_id("share-person").evaluate(
        """(field, text) => {
          const data = new DataTransfer()
          data.setData('text/plain', text)
          const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
          if (field.dispatchEvent(event)) field.setRangeText(text.replaceAll('\\n', ''))
        }""",
        text,
    )

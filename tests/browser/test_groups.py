"""Groups: made, filled, shared with and taken away, with the other side's page open."""

import pytest
from playwright.async_api import Locator, expect

from .conftest import Visit
from .house import House
from .visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def at_groups(visitor: Visitor) -> Visitor:
    await visitor.page.goto("/groups/")
    await expect(visitor.page.locator("#groups:not([aria-busy])")).to_be_visible()
    return visitor


def group(visitor: Visitor, name: str) -> Locator:
    return visitor.page.get_by_test_id("group").filter(has_text=name)


async def more(of: Locator, member: str, act: str) -> None:
    await of.get_by_role("button", name=f"More for {member}").click()
    await of.page.get_by_role("menuitem", name=act).click()


async def test_a_group_is_made_and_filled_from_the_page(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    visitor = await visit(house, dana)
    visitor.tolerate("status of 400")
    await visitor.page.goto("/")
    await visitor.page.locator("#person-open").click()
    await visitor.page.get_by_role("menuitem", name="Groups").click()
    await expect(visitor.page.locator("#groups")).to_contain_text("No groups yet")

    await visitor.page.get_by_label("Name of a new group").fill("Crew")
    await visitor.page.keyboard.press("Enter")
    crew = group(visitor, "Crew")
    field = crew.get_by_label("User name")
    await expect(field).to_be_focused()
    await field.fill("nobody at all")
    await visitor.page.keyboard.press("Enter")
    await expect(crew.get_by_role("alert")).to_contain_text("nobody at all")
    await field.fill(emil)
    await visitor.page.keyboard.press("Enter")

    await expect(crew.get_by_test_id("member")).to_have_count(2)
    await expect(crew).to_contain_text("2 people · has access to no document yet")
    await expect(visitor.page.locator("#groups [role=status]")).to_have_text("Emil is in “Crew” now.")
    assert [each["name"] for each in house.api(emil, "GET", "teams/")["teams"]] == ["Crew"]


async def test_who_is_put_in_gets_in_and_who_is_taken_out_leaves_at_once(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    crew = house.api(dana, "POST", "teams/", {"name": "Crew"})
    document = house.document(owner=dana, title="Minutes")
    house.api(dana, "POST", f"documents/{document}/shares/", {"people": ["Crew"], "role": "editor"})
    owner, member = await visit(house, dana), await visit(house, emil)
    member.tolerate("status of 40[34]")
    await at_groups(owner)
    await group(owner, "Crew").locator(".group-head").click()
    field = group(owner, "Crew").get_by_label("User name")
    await field.fill(emil)
    await field.press("Enter")
    await expect(group(owner, "Crew").get_by_test_id("member")).to_have_count(2)
    await member.open(document)
    await member.type("here")
    await member.says("saved")

    await more(group(owner, "Crew"), "Emil", "Remove")
    await owner.page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    await expect(member.leaving).to_contain_text("You no longer have access")
    await expect(group(owner, "Crew").get_by_test_id("member")).to_have_count(1)
    assert len(house.api(dana, "GET", f"teams/{crew['id']}/")["people"]) == 1


async def test_a_group_in_use_is_deleted_after_a_question_that_counts(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    crew = house.api(dana, "POST", "teams/", {"name": "Crew"})
    house.api(dana, "POST", f"teams/{crew['id']}/members/", {"person": emil})
    documents = [house.document(owner=dana, title=f"Minutes {n}") for n in range(2)]
    for document in documents:
        house.api(dana, "POST", f"documents/{document}/shares/", {"people": ["Crew"], "role": "viewer"})
    owner, member = await visit(house, dana), await visit(house, emil)
    member.tolerate("status of 40[34]")
    await member.open(documents[0])
    await at_groups(owner)
    await group(owner, "Crew").locator(".group-head").click()
    await group(owner, "Crew").get_by_role("button", name="Delete").click()
    await expect(owner.page.get_by_role("dialog")).to_contain_text("2 documents lose it")
    await owner.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(group(owner, "Crew")).to_have_count(1)

    await group(owner, "Crew").get_by_role("button", name="Delete").click()
    await owner.page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    await expect(group(owner, "Crew")).to_have_count(0)
    await expect(owner.page.get_by_label("Name of a new group")).to_be_focused()
    await expect(member.leaving).to_contain_text("You no longer have access")


async def test_a_group_is_renamed_handed_over_and_left(house: House, visit: Visit) -> None:
    dana, emil = house.newcomer("dana"), house.newcomer("emil")
    crew = house.api(dana, "POST", "teams/", {"name": "Crew"})
    house.api(dana, "POST", f"teams/{crew['id']}/members/", {"person": emil})
    visitor = await at_groups(await visit(house, dana))
    await group(visitor, "Crew").locator(".group-head").click()
    await group(visitor, "Crew").get_by_role("button", name="Rename").click()
    await visitor.page.get_by_label("Name of the group").fill("Harbour crew")
    await visitor.page.keyboard.press("Enter")
    harbour = group(visitor, "Harbour crew")
    await expect(harbour.locator(".group-head")).to_be_focused()

    await more(harbour, "Emil", "Make the owner")
    await visitor.page.get_by_role("dialog").get_by_role("button", name="Make the owner").click()
    await expect(harbour).to_contain_text("owned by Emil")
    await expect(harbour.get_by_role("button", name="Rename")).to_have_count(0)
    await harbour.get_by_role("button", name="Leave").click()
    await visitor.page.get_by_role("dialog").get_by_role("button", name="Leave").click()

    await expect(visitor.page.locator("#groups")).to_contain_text("No groups yet")
    assert [each["mine"] for each in house.api(emil, "GET", "teams/")["teams"]] == [True]

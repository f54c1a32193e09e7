"""Before one is in, and one's own account: sign-in, sign-up, reset, errors, account."""

from playwright.async_api import Page, expect

from tests.browser.visitor import arrive

from .stage import Stage, scene


async def nobody_at(stage: Stage, path: str) -> Page:
    nobody = await stage.come("")
    nobody.tolerate(r"status of 4\d\d")
    await nobody.page.goto(path)
    return nobody.page


@scene
async def sign_in(stage: Stage) -> Page:
    return await nobody_at(stage, "/sign-in/")


@scene
async def sign_in_refused(stage: Stage) -> Page:
    page = await nobody_at(stage, "/sign-in/")
    await page.locator("[name=username]").fill("somebody")
    await page.locator("[name=password]").fill("not the right one")
    await page.locator("form .button.main").click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    return page


@scene
async def sign_in_locked(stage: Stage) -> Page:
    page = await nobody_at(stage, "/sign-in/")
    wrong: dict[str, str | float | bool] = {"username": "guessed", "password": "wrong", "csrfmiddlewaretoken": ""}
    wrong["csrfmiddlewaretoken"] = await page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    for _ in range(8):
        await page.request.post("/sign-in/", form=wrong, headers={"Referer": stage.house.url + "/sign-in/"})
    await page.locator("[name=username]").fill("guessed")
    await page.locator("[name=password]").fill("wrong")
    await page.locator("form .button.main").click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    return page


@scene
async def sign_up(stage: Stage) -> Page:
    return await nobody_at(stage, "/sign-up/")


@scene
async def sign_up_refused(stage: Stage) -> Page:
    page = await nobody_at(stage, "/sign-up/")
    await page.locator("[name=name]").fill("Dave")
    await page.locator("[name=email]").fill("ada@example.org")
    await page.locator("[name=password]").fill("12345678")
    await page.locator("form .button.main").click()
    await expect(page.locator(".problem").first).to_be_visible()
    return page


@scene
async def reset(stage: Stage) -> Page:
    return await nobody_at(stage, "/reset/")


@scene
async def reset_sent(stage: Stage) -> Page:
    return await nobody_at(stage, "/reset/sent/")


@scene
async def reset_done(stage: Stage) -> Page:
    return await nobody_at(stage, "/reset/done/")


@scene
async def reset_link_too_old(stage: Stage) -> Page:
    return await nobody_at(stage, "/reset/MQ/too-old/")


@scene
async def not_found(stage: Stage) -> Page:
    ada = await stage.come("ada")
    ada.tolerate("404")
    await ada.page.goto("/nowhere/")
    return ada.page


@scene
async def form_too_old(stage: Stage) -> Page:
    page = await nobody_at(stage, "/sign-in/")
    await page.locator("[name=username]").fill("somebody")
    await page.locator("[name=password]").fill("something")
    await page.context.clear_cookies()
    await page.locator("form .button.main").click()
    await expect(page.locator("[name=username]")).to_have_count(0)
    return page


@scene
async def account(stage: Stage) -> Page:
    alma = await stage.come("alma")
    await alma.page.goto("/account/")
    return alma.page


@scene
async def account_password_refused(stage: Stage) -> Page:
    ada = await stage.come("ada")
    await ada.page.goto("/account/")
    await ada.page.locator("[name=current]").fill("not mine")
    await ada.page.locator("[name=password]").fill("12345")
    await ada.page.locator("#password-form .button.main").click()
    await expect(ada.page.locator(".problem").first).to_be_visible()
    await ada.page.locator("#password-form").scroll_into_view_if_needed()
    return ada.page


@scene
async def account_sessions(stage: Stage) -> Page:
    alma = await stage.come("alma")
    await alma.page.goto("/account/")
    await alma.page.locator("#sessions").scroll_into_view_if_needed()
    return alma.page


async def make_token(page: Page, name: str) -> None:
    await arrive(page, "/account/")
    await page.get_by_role("button", name="New token").click()
    await page.get_by_label("What it is for").fill(name)
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.locator("#token-made")).to_be_visible()


@scene
async def access_token_form(stage: Stage) -> Page:
    ada = await stage.come("ada")
    await arrive(ada.page, "/account/")
    await ada.page.get_by_role("button", name="New token").click()
    await ada.page.get_by_label("What it may do").select_option("write")
    return ada.page


@scene
async def access_token_made(stage: Stage) -> Page:
    ada = await stage.come("ada")
    await make_token(ada.page, "Nightly backup")
    await ada.page.get_by_role("button", name="Copy").click()
    return ada.page


@scene
async def access_tokens(stage: Stage) -> Page:
    ada = await stage.come("ada")
    await make_token(ada.page, "Nightly backup of everything that is written about the new house")
    await ada.page.get_by_role("button", name="Done").click()
    await ada.page.locator("#tokens").scroll_into_view_if_needed()
    return ada.page


@scene
async def access_token_revoked(stage: Stage) -> Page:
    ada = await stage.come("ada")
    await make_token(ada.page, "Old robot")
    await ada.page.get_by_role("button", name="Done").click()
    await ada.page.get_by_role("button", name="Revoke").first.click()
    await expect(ada.page.get_by_role("heading", name="Revoke")).to_be_visible()
    return ada.page


@scene
async def account_menu(stage: Stage) -> Page:
    alma = await stage.come("alma")
    await arrive(alma.page, "/account/")
    await alma.page.locator("#person-open").click()
    await expect(alma.page.locator("#person")).to_be_visible()
    return alma.page

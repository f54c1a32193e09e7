"""Invitations: whom they let in, when they open nothing, and that nothing is told of who has an account."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from documents.models import Document, DocumentInvitation
from permissions import invitations
from permissions.access import access_for
from permissions.adding import MAX_NAMES, Outcome, share
from permissions.errors import (
    GuestsComeByLink,
    InvitationExpired,
    InvitationOver,
    InvitationRevoked,
    InvitationToTrash,
    InvitationUsed,
    MakerCannot,
    NamesRefused,
    NoAddress,
    NobodyNamed,
    NoInvitation,
    NotAllowed,
    NotByAddress,
    SharingError,
    TooManyInvitations,
    TooManyNames,
    WrongAddress,
)
from permissions.invitations import claim, find, invite, open_invitations, uninvite
from permissions.models import AuditEntry, Letter, Notice, User
from permissions.roles import Role
from permissions.sharing import acting, grant, members_of, revise, revoke, role_by_name
from tests.conftest import Person
from tests.databases import either_database, only_postgres

CONSOLE = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}


def invited(
    minutes: Document, by: User, email: str = "bob@example.org", role: Role = Role.EDITOR
) -> DocumentInvitation:
    made = invite(by=by, obj=minutes, role=role, email=email)
    found = find(Document, made.secret)
    assert isinstance(found, DocumentInvitation)
    return found


def actions(document: Document) -> list[str]:
    return list(AuditEntry.objects.filter(object_id=document.pk).order_by("pk").values_list("action", flat=True))


def test_who_claims_has_the_role(minutes: Document, ada: User, bob: User) -> None:
    assert claim(by=bob, invitation=invited(minutes, ada)) is Role.EDITOR
    assert access_for(bob, minutes).role is Role.EDITOR
    assert actions(minutes) == ["invited", "claimed"]
    assert [notice.kind for notice in Notice.objects.filter(user=ada)] == [Notice.Kind.CLAIMED]


def test_only_a_hash_of_the_secret_is_kept(minutes: Document, ada: User) -> None:
    made = invite(by=ada, obj=minutes, role=Role.VIEWER)
    row = DocumentInvitation.objects.values().get()
    assert made.secret not in str(row)
    assert len(made.secret) >= 32


def test_it_is_claimed_once(minutes: Document, ada: User, bob: User, carol: User) -> None:
    invitation = invited(minutes, ada, email="")
    claim(by=bob, invitation=invitation)
    with pytest.raises(InvitationUsed, match="Ask Ada for another one"):
        claim(by=carol, invitation=invitation)
    assert access_for(carol, minutes).role is None


def test_a_replayed_one_gives_nothing_back_to_who_was_removed(minutes: Document, ada: User, bob: User) -> None:
    invitation = invited(minutes, ada)
    claim(by=bob, invitation=invitation)
    revoke(by=ada, obj=minutes, to=bob)
    with pytest.raises(InvitationUsed):
        claim(by=bob, invitation=invitation)
    assert access_for(bob, minutes).role is None


def test_it_expires(minutes: Document, ada: User, bob: User) -> None:
    invitation = invited(minutes, ada)
    assert invitation.expires_at - invitation.made_at > timedelta(days=project.INVITATION_DAYS - 1)
    DocumentInvitation.objects.update(expires_at=timezone.now())
    with pytest.raises(InvitationExpired):
        claim(by=bob, invitation=invitation)
    assert open_invitations(minutes) == []


def test_it_can_be_taken_back(minutes: Document, ada: User, bob: User) -> None:
    invitation = invited(minutes, ada)
    with pytest.raises(NotAllowed):
        uninvite(by=bob, obj=minutes, invitation=invitation.pk)
    uninvite(by=ada, obj=minutes, invitation=invitation.pk)
    with pytest.raises(InvitationRevoked):
        claim(by=bob, invitation=invitation)
    with pytest.raises(NoInvitation):
        uninvite(by=ada, obj=minutes, invitation=invitation.pk)
    assert actions(minutes) == ["invited", "uninvited"]


def test_an_invitation_to_another_document_is_not_taken_back_here(minutes: Document, ada: User, bob: User) -> None:
    theirs = Document.objects.create_for(owner=bob)
    invitation = invited(minutes, ada)
    with pytest.raises(NoInvitation):
        uninvite(by=bob, obj=theirs, invitation=invitation.pk)


def test_the_trash_closes_it_and_taking_it_out_opens_it(minutes: Document, ada: User, bob: User) -> None:
    invitation = invited(minutes, ada)
    Document.objects.update(trashed_at=timezone.now())
    with pytest.raises(InvitationToTrash):
        claim(by=bob, invitation=find_again(invitation))
    Document.objects.update(trashed_at=None)
    claim(by=bob, invitation=find_again(invitation))


def test_a_stale_look_does_not_get_around_the_trash(minutes: Document, ada: User, bob: User) -> None:
    invitation = invited(minutes, ada)
    Document.objects.update(trashed_at=timezone.now())
    with pytest.raises(InvitationToTrash):
        claim(by=bob, invitation=invitation)


@pytest.mark.parametrize("loss", ["demoted", "removed", "deactivated"])
def test_it_gives_no_more_than_its_maker_may_give_now(
    minutes: Document, ada: User, bob: User, carol: User, loss: str
) -> None:
    grant(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    invitation = invited(minutes, carol)
    if loss == "demoted":
        revise(by=ada, obj=minutes, to=carol, role=Role.EDITOR)
    elif loss == "removed":
        revoke(by=ada, obj=minutes, to=carol)
    else:
        User.objects.filter(pk=carol.pk).update(is_active=False)
    with pytest.raises(MakerCannot, match="Carol"):
        claim(by=bob, invitation=invitation)
    assert access_for(bob, minutes).role is None
    assert [pending.is_void for pending in open_invitations(minutes)] == [True]


def test_it_is_for_its_address_in_any_case(minutes: Document, ada: User, bob: User, carol: User) -> None:
    invitation = invited(minutes, ada, email="BOB@Example.org")
    with pytest.raises(WrongAddress, match=r"b…@example\.org"):
        claim(by=carol, invitation=invitation)
    assert claim(by=bob, invitation=invitation) is Role.EDITOR


def test_it_never_lowers_a_role(minutes: Document, ada: User, bob: User) -> None:
    invitation = invited(minutes, ada, role=Role.VIEWER)
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    assert claim(by=bob, invitation=invitation) is Role.EDITOR
    assert role_by_name(minutes, bob) is Role.EDITOR


def test_a_guest_needs_an_account_first(minutes: Document, ada: User, person: Person) -> None:
    guest = person("guest-1", is_guest=True, email="")
    with pytest.raises(GuestsComeByLink):
        claim(by=guest, invitation=invited(minutes, ada, email=""))


def test_ownership_is_not_sent_around(minutes: Document, ada: User) -> None:
    for email in ("", "dave@example.org"):
        with pytest.raises(NotByAddress):
            invite(by=ada, obj=minutes, role=Role.OWNER, email=email)


@pytest.mark.parametrize("email", ["dave", "dave@", "@example.org", "a b@example.org", "x" * 300 + "@example.org"])
def test_an_address_is_one(minutes: Document, ada: User, email: str) -> None:
    with pytest.raises(NoAddress):
        invite(by=ada, obj=minutes, role=Role.VIEWER, email=email)


def test_only_owners_invite(minutes: Document, ada: User, bob: User) -> None:
    grant(by=ada, obj=minutes, to=bob, role=Role.EDITOR)
    with pytest.raises(NotAllowed):
        invite(by=bob, obj=minutes, role=Role.VIEWER, email="dave@example.org")
    assert open_invitations(minutes) == []


def test_inviting_again_voids_the_older_link(minutes: Document, ada: User, bob: User) -> None:
    older = invited(minutes, ada, role=Role.VIEWER)
    newer = invited(minutes, ada, role=Role.EDITOR)
    assert [pending.pk for pending in open_invitations(minutes)] == [newer.pk]
    with pytest.raises(InvitationOver):
        claim(by=bob, invitation=older)


def test_invitations_of_a_day_and_of_a_document_are_bounded(
    minutes: Document, ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INVITATIONS_PER_DAY = 2
    invited(minutes, ada, email="")
    invited(Document.objects.create_for(owner=ada), ada, email="")
    with pytest.raises(TooManyInvitations, match="2 people a day"):
        invite(by=ada, obj=minutes, role=Role.VIEWER)
    settings.INVITATIONS_PER_DAY = 100
    monkeypatch.setattr(invitations, "MAX_OPEN", 1)
    with pytest.raises(TooManyInvitations, match="1 invitations are open"):
        invite(by=ada, obj=minutes, role=Role.VIEWER)


# -- Mail, and what is told of accounts --------------------------------------------------------------------------------


def test_it_is_mailed_where_there_is_mail(minutes: Document, ada: User) -> None:
    made = invite(by=ada, obj=minutes, role=Role.VIEWER, email="Dave@example.org")
    assert made.mailed
    letter = Letter.objects.get()
    assert (letter.to, letter.subject) == ("dave@example.org", "Ada invites you to Minutes")
    assert f"/invitations/{made.secret}/" in letter.text
    assert "as viewer" in letter.text


def test_without_mail_its_maker_gets_the_link(minutes: Document, ada: User, settings: Any) -> None:
    settings.MAILERS = CONSOLE
    [added] = share(by=ada, obj=minutes, names=["dave@example.org"], role=Role.VIEWER)
    assert not Letter.objects.exists()
    assert added.address is not None
    assert "/invitations/" in added.address
    assert added.address.startswith("http")


def test_a_link_for_anybody_is_never_mailed(minutes: Document, ada: User) -> None:
    assert not invite(by=ada, obj=minutes, role=Role.VIEWER).mailed


def test_an_address_with_and_without_an_account_get_the_same_answer(minutes: Document, ada: User, bob: User) -> None:
    """And the same work within the request: what an account adds is done on another thread."""
    answers, counts = [], []
    for email in ("bob@example.org", "nobody@example.org"):
        with queries() as found:
            [added] = share(by=ada, obj=minutes, names=[email], role=Role.EDITOR)
        answers.append((added.outcome, added.holder, added.sentence.replace(email, "…"), added.address))
        counts.append([query["sql"].split()[0] for query in found])
    assert answers[0] == answers[1]
    assert counts[0] == counts[1]
    assert access_for(bob, minutes).role is None


# -- Many at once ------------------------------------------------------------------------------------------------------


def test_a_pasted_list_is_added_with_an_answer_for_each(minutes: Document, ada: User, bob: User, carol: User) -> None:
    grant(by=ada, obj=minutes, to=carol, role=Role.EDITOR)
    names = ["bob", "Dave <dave@example.org>", "carol", "ada", "BOB", "dave@example.org", " "]
    added = share(by=ada, obj=minutes, names=names, role=Role.VIEWER)
    assert [(each.text, each.outcome) for each in added] == [
        ("bob", Outcome.GRANTED),
        ("Dave <dave@example.org>", Outcome.INVITED),
        ("carol", Outcome.UNCHANGED),  # an editor already: adding never lowers
        ("ada", Outcome.UNCHANGED),
    ]
    assert added[3].sentence == "That is you: you have access already."
    assert role_by_name(minutes, carol) is Role.EDITOR
    assert role_by_name(minutes, ada) is Role.OWNER


def test_sharing_twice_changes_nothing_and_with_more_raises(minutes: Document, ada: User, bob: User) -> None:
    outcomes = [
        share(by=ada, obj=minutes, names=["bob"], role=role)[0].outcome
        for role in (Role.VIEWER, Role.VIEWER, Role.EDITOR, Role.OWNER)
    ]
    assert outcomes == [Outcome.GRANTED, Outcome.UNCHANGED, Outcome.CHANGED, Outcome.CHANGED]


def test_a_thousand_addresses_are_refused_in_one_sentence(minutes: Document, ada: User) -> None:
    names = [f"somebody{n}@example.org" for n in range(1000)]
    with pytest.raises(TooManyNames, match="1000 at once are too many: at most 100"):
        share(by=ada, obj=minutes, names=names, role=Role.VIEWER)
    assert open_invitations(minutes) == []
    assert len(share(by=ada, obj=minutes, names=names[:MAX_NAMES], role=Role.VIEWER)) == MAX_NAMES


def test_one_wrong_name_and_nobody_is_added(minutes: Document, ada: User, bob: User) -> None:
    with pytest.raises(NamesRefused) as refused:
        share(by=ada, obj=minutes, names=["bob", "nobody", "a@b", "dave@example.org"], role=Role.EDITOR)
    assert list(refused.value.refused) == ["nobody", "a@b"]
    assert refused.value.refused["nobody"] == 'Nobody here is called "nobody".'
    assert role_by_name(minutes, bob) is None
    assert open_invitations(minutes) == []


def test_a_bound_hit_half_way_undoes_all(minutes: Document, ada: User, bob: User, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 1
    with pytest.raises(TooManyInvitations):
        share(by=ada, obj=minutes, names=["bob", "d@example.org", "e@example.org"], role=Role.EDITOR)
    assert role_by_name(minutes, bob) is None
    assert open_invitations(minutes) == []
    assert actions(minutes) == []


def test_nobody_named(minutes: Document, ada: User) -> None:
    with pytest.raises(NobodyNamed):
        share(by=ada, obj=minutes, names=["", "  "], role=Role.VIEWER)


@pytest.mark.parametrize("names", [["\0"], ["\ud800@example.org"], ["x" * 100_000], ["<>"], ["a" * 400 + "@b.org"]])
def test_names_that_are_no_text_are_refused(minutes: Document, ada: User, names: list[str]) -> None:
    with pytest.raises((NamesRefused, NobodyNamed)):
        share(by=ada, obj=minutes, names=names, role=Role.VIEWER)


def test_an_address_is_not_made_an_owner(minutes: Document, ada: User) -> None:
    with pytest.raises(NamesRefused, match="invite as an editor"):
        share(by=ada, obj=minutes, names=["dave@example.org"], role=Role.OWNER)


# -- Its page ----------------------------------------------------------------------------------------------------------


def address_of(minutes: Document, by: User, email: str = "bob@example.org", role: Role = Role.EDITOR) -> str:
    return invitations.path_of(invite(by=by, obj=minutes, role=role, email=email).secret)


def test_the_page_says_who_invites_to_what(minutes: Document, ada: User, client: Client) -> None:
    page = client.get(address_of(minutes, ada)).content.decode()
    for words in ("Ada invites you", "Minutes", "You can write in it.", "Create an account", "Sign in"):
        assert words in page
    assert open_invitations(minutes)  # looking is not claiming


def test_somebody_with_an_account_accepts(
    minutes: Document, ada: User, bob: User, browser_of: Callable[..., Client]
) -> None:
    address, browser = address_of(minutes, ada), browser_of(bob)
    assert "Accept the invitation" in browser.get(address).content.decode()
    assert access_for(bob, minutes).role is None
    assert browser.post(address)["Location"] == f"/documents/{minutes.pk}/"
    assert access_for(bob, minutes).role is Role.EDITOR
    assert browser.get(address)["Location"] == f"/documents/{minutes.pk}/"  # the link in the mail goes on to work


def test_who_signs_up_with_it_lands_in_the_document(minutes: Document, ada: User, client: Client) -> None:
    address = address_of(minutes, ada, email="dave@example.org")
    page = client.get("/sign-up/", {"next": address}).content.decode()
    assert 'value="dave@example.org"' in page
    assert "It opens “Minutes”, to which Ada invites you." in page
    form = {"name": "Dave", "email": "Dave@example.org", "password": "correct horse battery", "next": address}
    response = client.post("/sign-up/", form)
    assert response["Location"] == f"/documents/{minutes.pk}/"
    assert access_for(User.objects.get(name="Dave"), minutes).role is Role.EDITOR
    assert Document.objects.count() == 1  # no welcome document


def test_signing_up_with_another_address_says_for_which_one_it_is(minutes: Document, ada: User, client: Client) -> None:
    address = address_of(minutes, ada, email="dave@example.org")
    form = {"name": "Eve", "email": "eve@example.org", "password": "correct horse battery", "next": address}
    assert "The invitation is for dave@example.org." in client.post("/sign-up/", form).content.decode()
    assert not User.objects.filter(name="Eve").exists()


def test_signing_in_with_it_comes_back_to_its_page(minutes: Document, ada: User, bob: User, client: Client) -> None:
    address = address_of(minutes, ada)
    assert client.post(address)["Location"] == f"/sign-in/?next={address}"
    response = client.post("/sign-in/", {"username": "bob", "password": "correct horse", "next": address})
    assert response["Location"] == address


def test_what_cannot_be_claimed_says_why(
    minutes: Document, ada: User, bob: User, carol: User, browser_of: Callable[..., Client]
) -> None:
    address = address_of(minutes, ada)
    for method in ("get", "post"):
        wrong = getattr(browser_of(carol), method)(address)
        assert wrong.status_code == 403
        assert "This invitation is for b…@example.org" in wrong.content.decode()
        assert "Use another account" in wrong.content.decode()
        assert "Minutes" not in wrong.content.decode()
        made_up = getattr(browser_of(bob), method)("/invitations/made-up/")
        assert (made_up.status_code, "There is no such invitation" in made_up.content.decode()) == (404, True)
    browser_of(bob).post(address)
    used = browser_of(carol).get(address)
    assert (used.status_code, "was used already" in used.content.decode()) == (410, True)


def test_an_expired_one_says_so_to_whoever_is_not_signed_in(minutes: Document, ada: User, client: Client) -> None:
    address = address_of(minutes, ada)
    DocumentInvitation.objects.update(expires_at=timezone.now())
    response = client.get(address)
    assert (response.status_code, "open for too long" in response.content.decode()) == (410, True)
    assert "Minutes" not in response.content.decode()
    assert 'value="bob@example.org"' not in client.get("/sign-up/", {"next": address}).content.decode()


def test_an_address_that_somebody_says_is_theirs_opens_nothing_without_the_secret(
    minutes: Document, ada: User, bob: User, browser_of: Callable[..., Client]
) -> None:
    """Anybody may sign up with any address that nobody has here."""
    invite(by=ada, obj=minutes, role=Role.EDITOR, email="bob@example.org")
    assert browser_of(bob).get(f"/documents/{minutes.pk}/").status_code == 404
    assert not Notice.objects.filter(user=bob).exists()
    assert access_for(bob, minutes).role is None


def test_another_account_can_be_used_for_it(
    minutes: Document, ada: User, carol: User, browser_of: Callable[..., Client]
) -> None:
    address = address_of(minutes, ada)
    assert browser_of(carol).post("/sign-out/", {"next": address})["Location"] == f"/sign-in/?next={address}"
    away = browser_of(carol).post("/sign-out/", {"next": "https://evil.example/"})
    assert away["Location"] == "/sign-in/"


# -- At the same moment ------------------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """What came of each act: "done", or the name of its error. They begin together, each on a thread of its own."""
    together, outcomes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            together.wait(10)
            act()
            outcomes[place] = "done"
        except SharingError as error:
            outcomes[place] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


@either_database
def test_of_two_who_claim_at_once_one_comes_in(database: str, person: Person) -> None:
    ada, bob, carol = person("ada"), person("bob"), person("carol")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    secret = invite(by=ada, obj=minutes, role=Role.EDITOR).secret
    first, second = find(Document, secret), find(Document, secret)
    assert first is not None
    assert second is not None
    outcomes = at_once(lambda: claim(by=bob, invitation=first), lambda: claim(by=carol, invitation=second))
    assert sorted(outcomes) == ["InvitationUsed", "done"]
    assert [member.role for member in members_of(minutes)] == [Role.OWNER, Role.EDITOR]
    assert AuditEntry.objects.filter(action="claimed").count() == 1


@either_database
def test_the_maker_is_demoted_while_it_is_claimed(database: str, person: Person) -> None:
    """Whichever comes first, the other sees it: claimed by right, or refused."""
    ada, bob, carol = person("ada"), person("bob"), person("carol")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    grant(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    found = find(Document, invite(by=carol, obj=minutes, role=Role.EDITOR).secret)
    assert found is not None
    demoted, claimed = at_once(
        lambda: revise(by=ada, obj=Document.objects.get(pk=minutes.pk), to=carol, role=Role.EDITOR),
        lambda: claim(by=bob, invitation=found),
    )
    assert demoted == "done"
    order = list(
        AuditEntry.objects.filter(action__in=["changed", "claimed"]).order_by("pk").values_list("action", flat=True)
    )
    if claimed == "done":
        assert order == ["claimed", "changed"]
    else:
        assert (claimed, order) == ("MakerCannot", ["changed"])
        assert access_for(bob, minutes).role is None


@only_postgres
def test_a_claim_waits_for_the_demotion_that_is_under_way(database: str, person: Person) -> None:
    ada, bob, carol = person("ada"), person("bob"), person("carol")
    minutes = Document.objects.create_for(owner=ada, title="Minutes")
    grant(by=ada, obj=minutes, to=carol, role=Role.OWNER)
    found = find(Document, invite(by=carol, obj=minutes, role=Role.EDITOR).secret)
    assert found is not None
    over, outcome = threading.Event(), []

    def accept() -> None:
        try:
            claim(by=bob, invitation=found)
            outcome.append("done")
        except MakerCannot:
            outcome.append("refused")
        finally:
            over.set()
            connection.close()

    with acting(by=ada, obj=minutes, least=Role.OWNER):
        thread = threading.Thread(target=accept)
        thread.start()
        assert not over.wait(0.3)
        revise(by=ada, obj=minutes, to=carol, role=Role.VIEWER)
    thread.join(20)
    assert outcome == ["refused"]
    assert access_for(bob, minutes).role is None


def find_again(invitation: Any) -> Any:
    return DocumentInvitation.objects.select_related("made_by", "content_object").get(pk=invitation.pk)


def queries() -> Any:
    return CaptureQueriesContext(connection)

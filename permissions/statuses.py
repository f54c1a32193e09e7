"""What HTTP says about each thing that can be wrong with an act of sharing. A test knows them all."""

from http import HTTPStatus

from . import errors
from .errors import SharingError

STATUSES: dict[type[SharingError], HTTPStatus] = {
    # What was sent
    errors.BadGuestName: HTTPStatus.BAD_REQUEST,
    errors.BadLink: HTTPStatus.BAD_REQUEST,
    errors.BadTeamName: HTTPStatus.BAD_REQUEST,
    errors.NamesRefused: HTTPStatus.BAD_REQUEST,
    errors.NoAddress: HTTPStatus.BAD_REQUEST,
    errors.NobodyCalled: HTTPStatus.BAD_REQUEST,
    errors.NobodyNamed: HTTPStatus.BAD_REQUEST,
    errors.NotByAddress: HTTPStatus.BAD_REQUEST,
    errors.TooManyNames: HTTPStatus.BAD_REQUEST,
    errors.UnknownAddress: HTTPStatus.BAD_REQUEST,
    errors.WordsTooLong: HTTPStatus.BAD_REQUEST,
    # Who asks
    errors.LinkForbidden: HTTPStatus.FORBIDDEN,
    errors.MakerCannot: HTTPStatus.FORBIDDEN,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.NotYourTeam: HTTPStatus.FORBIDDEN,
    errors.WrongAddress: HTTPStatus.FORBIDDEN,
    errors.WrongPassword: HTTPStatus.FORBIDDEN,
    # What is not there
    errors.CannotAsk: HTTPStatus.NOT_FOUND,
    errors.NoEntrance: HTTPStatus.NOT_FOUND,
    errors.NoInvitation: HTTPStatus.NOT_FOUND,
    errors.NoOffer: HTTPStatus.NOT_FOUND,
    errors.NoRequest: HTTPStatus.NOT_FOUND,
    errors.NotAMember: HTTPStatus.NOT_FOUND,
    errors.NotInTeam: HTTPStatus.NOT_FOUND,
    # How things are
    errors.AnsweredAlready: HTTPStatus.CONFLICT,
    errors.AskedAlready: HTTPStatus.CONFLICT,
    errors.GuestsComeByLink: HTTPStatus.CONFLICT,
    errors.HasAccess: HTTPStatus.CONFLICT,
    errors.InTrash: HTTPStatus.CONFLICT,
    errors.IsDeactivated: HTTPStatus.CONFLICT,
    errors.IsOwner: HTTPStatus.CONFLICT,
    errors.LastOwner: HTTPStatus.CONFLICT,
    errors.OfferedAlready: HTTPStatus.CONFLICT,
    errors.OfferVoid: HTTPStatus.CONFLICT,
    errors.OwnsTeam: HTTPStatus.CONFLICT,
    errors.TeamFull: HTTPStatus.CONFLICT,
    errors.TooManyTeams: HTTPStatus.CONFLICT,
    # What is over, and what was too often
    errors.InvitationOver: HTTPStatus.GONE,
    errors.AskedTooOften: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooManyInvitations: HTTPStatus.TOO_MANY_REQUESTS,
}
FIELDS: dict[type[SharingError], str] = {
    errors.BadGuestName: "name",
    errors.BadTeamName: "name",
    errors.NamesRefused: "people",
    errors.NoAddress: "person",
    errors.NobodyCalled: "person",
    errors.NobodyNamed: "person",
    errors.TooManyNames: "people",
    errors.UnknownAddress: "person",
    errors.WordsTooLong: "words",
}


def status_of(error: SharingError) -> HTTPStatus:
    """The status of the error, or of the nearest of its kinds."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def field_of(error: SharingError) -> str | None:
    """The member of a body that was wrong, where one was."""
    if isinstance(error, errors.BadLink):
        return error.field
    return FIELDS.get(type(error))

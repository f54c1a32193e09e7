"""What becomes of a file from a stranger: a picture without secrets, or a sentence."""

import io
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from documents.pictures import Broken, Kind, Limits, NoPicture, TooLarge, TooLong, UnknownKind, clean

from . import drawings

LIMITS = Limits(pixels=1_000_000, frames=20, all_pixels=2_000_000)
KINDS = ("PNG", "JPEG", "WEBP", "AVIF")
STILLS = [*KINDS, "GIF"]
ANIMATIONS: dict[str, Callable[[], bytes]] = {
    "GIF": drawings.gif_with_secrets,
    "PNG": drawings.animated_png_with_secrets,
    "WEBP": drawings.animated_webp_with_secrets,
}


def cleaned(data: bytes, limits: Limits = LIMITS) -> bytes:
    return clean(io.BytesIO(data), limits=limits).data


def assert_bare(data: bytes) -> None:
    """Nothing of what was written into it is left, in any place Pillow or a search of the bytes finds."""
    assert drawings.SECRET.encode() not in data
    for word in (b"Exif", b"http://ns.adobe.com", b"xmpmeta", b"ICC_PROFILE", b"<script"):
        assert word not in data
    with Image.open(io.BytesIO(data)) as image:
        assert not image.getexif()
        assert not image.getexif().get_ifd(drawings.GPS)
        assert not {"xmp", "exif", "comment", "icc_profile", "XML:com.adobe.xmp", "photoshop"} & image.info.keys()


@pytest.mark.parametrize("kind", STILLS)
def test_a_picture_keeps_its_kind_size_and_colour(kind: str) -> None:
    picture = clean(io.BytesIO(drawings.still(kind)), limits=LIMITS)
    assert (picture.kind, picture.width, picture.height) == (Kind(kind), 40, 30)
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.format == kind
        red, green, blue = image.convert("RGB").getpixel((20, 15))  # type: ignore[misc]
        assert abs(red - 0x2F) + abs(green - 0x49) + abs(blue - 0xC9) < 12


@pytest.mark.parametrize("kind", KINDS)
def test_where_and_by_whom_a_photograph_was_taken_is_taken_out(kind: str) -> None:
    before = drawings.photograph(kind)
    with Image.open(io.BytesIO(before)) as image:
        assert image.getexif().get_ifd(drawings.GPS)  # or this test shows nothing
    assert_bare(cleaned(before))


@pytest.mark.parametrize("kind", ANIMATIONS)
def test_an_animation_keeps_its_frames_and_loses_everything_else(kind: str) -> None:
    before = ANIMATIONS[kind]()
    assert drawings.SECRET.encode() in before
    after = cleaned(before)
    assert_bare(after)
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert new.n_frames == old.n_frames == 3  # type: ignore[attr-defined]
        assert new.info.get("loop") == 0
        for n in range(3):
            old.seek(n)
            new.seek(n)
            assert old.convert("RGBA").tobytes() == new.convert("RGBA").tobytes()
            assert new.info.get("duration") == old.info.get("duration")


@given(
    kind=st.sampled_from(KINDS),
    text=st.text(st.characters(codec="latin-1", exclude_categories=["C"]), min_size=12, max_size=150),
    orientation=st.integers(1, 8),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_gps_in_none_out(kind: str, text: str, orientation: int, size: tuple[int, int]) -> None:
    before = drawings.photograph(kind, orientation=orientation, size=size, text=text)
    picture = clean(io.BytesIO(before), limits=LIMITS)
    assert_bare(picture.data)
    if len(text.encode()) >= 12:
        assert text.encode() not in picture.data
    # Orientations from 5 on stand on their side.
    expected = size if orientation < 5 or kind == "AVIF" else size[::-1]
    assert (picture.width, picture.height) in ({expected} if kind != "AVIF" else {size, size[::-1]})


def test_a_photograph_taken_on_its_side_stands_upright() -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 20, 20))  # the left half
    out = io.BytesIO()
    image.save(out, "JPEG", exif=drawings.exif(orientation=6), quality=95)  # to be turned clockwise
    picture = clean(io.BytesIO(out.getvalue()), limits=LIMITS)
    assert (picture.width, picture.height) == (20, 40)
    with Image.open(io.BytesIO(picture.data)) as upright:
        assert upright.getpixel((10, 5))[0] < 60  # type: ignore[index]
        assert upright.getpixel((10, 35))[0] > 200  # type: ignore[index]


def test_a_profile_is_applied_and_left_out() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in KINDS:
        data = drawings.still(kind, icc_profile=profile)
        assert_bare(cleaned(data))


def test_a_profile_that_is_none_is_left_out() -> None:
    assert_bare(cleaned(drawings.still("PNG", icc_profile=b"\0" * 200)))


def test_a_print_shop_s_colours_become_those_of_screens() -> None:
    out = io.BytesIO()
    Image.new("CMYK", (10, 10), (0, 255, 255, 0)).save(out, "JPEG")
    with Image.open(io.BytesIO(cleaned(out.getvalue()))) as image:
        assert image.mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_of_png_is_taken(mode: str) -> None:
    out = io.BytesIO()
    Image.new("RGBA" if mode == "RGBA" else "L", (8, 8), 0).convert(mode).save(out, "PNG")
    assert clean(io.BytesIO(out.getvalue()), limits=LIMITS).width == 8


def test_what_is_transparent_stays_so() -> None:
    for kind in ("PNG", "WEBP", "AVIF"):
        out = io.BytesIO()
        Image.new("RGBA", (8, 8), (200, 0, 0, 0)).save(out, kind)
        with Image.open(io.BytesIO(cleaned(out.getvalue()))) as image:
            assert image.convert("RGBA").getpixel((4, 4))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "data",
    [
        drawings.SVG,
        drawings.HTML,
        b"",
        b"GIF",
        b"BM" + b"\0" * 60,
        b"II*\0" + b"\0" * 60,
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0",
    ],
)
def test_what_is_no_such_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnknownKind):
        cleaned(data)


@pytest.mark.parametrize("kind", STILLS)
def test_a_beginning_alone_makes_no_picture(kind: str) -> None:
    for lie in (drawings.HTML, drawings.SVG, b""):
        with pytest.raises(NoPicture):
            cleaned(drawings.still(kind)[:16] + lie * 20)


@given(kind=st.sampled_from([*STILLS, "APNG", "AGIF", "AWEBP"]), cut=st.floats(0, 0.98))
def test_a_file_that_was_cut_off_is_refused(kind: str, cut: float) -> None:
    whole = drawings.animation(kind[1:]) if kind[0] == "A" and kind != "AVIF" else drawings.still(kind)
    try:
        found = cleaned(whole[: int(len(whole) * cut)])
    except NoPicture:
        return
    assert found == cleaned(whole)  # only the mark of the end was missing


@given(
    kind=st.sampled_from([*STILLS, "APNG", "AGIF", "AWEBP"]),
    at=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
)
@example(kind="AWEBP", at=[(0.796875, 0)])  # Pillow opened it, and not what was left of it without its metadata
def test_damage_anywhere_ends_in_a_picture_or_in_a_sentence(kind: str, at: list[tuple[float, int]]) -> None:
    whole = bytearray(drawings.animation(kind[1:]) if kind[0] == "A" and kind != "AVIF" else drawings.still(kind))
    for place, value in at:
        whole[int(place * len(whole))] = value
    try:
        picture = clean(io.BytesIO(bytes(whole)), limits=LIMITS)
    except NoPicture:
        return
    with Image.open(io.BytesIO(picture.data)) as image:
        image.load()


def test_a_bomb_is_refused_by_what_its_header_says() -> None:
    with pytest.raises(TooLarge, match="too many pixels: at most 1 million"):
        cleaned(drawings.bomb())


def test_too_many_frames_or_too_much_in_them_is_refused() -> None:
    for kind in ("GIF", "PNG", "WEBP"):
        assert cleaned(drawings.animation(kind, frames=20))
        with pytest.raises(TooLong, match="at most 20 frames"):
            cleaned(drawings.animation(kind, frames=21))
        with pytest.raises(TooLong):
            cleaned(drawings.animation(kind, frames=11, size=(500, 400)))


def test_a_gif_whose_frame_is_larger_than_it_said_is_refused() -> None:
    data = bytearray(drawings.animation("GIF", frames=2))
    at = data.rindex(b"\x2c")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    with pytest.raises((TooLarge, Broken)):
        cleaned(bytes(data))


def test_errors_are_sentences() -> None:
    assert str(UnknownKind()) == "This is not a PNG, JPEG, GIF, WebP or AVIF picture."
    assert str(Broken(Kind.PNG)) == "This PNG picture is damaged or incomplete."


def test_a_second_picture_behind_a_photograph_makes_no_animation() -> None:
    """Telephones put depth and brightness there; Pillow takes that for frames."""
    out = io.BytesIO()
    first, second = (Image.new("RGB", (40, 30), color) for color in ("#2f49c9", "#ffffff"))
    first.save(out, "MPO", save_all=True, append_images=[second])
    picture = clean(out, limits=LIMITS)
    assert (picture.kind, picture.width, picture.height) == (Kind.JPEG, 40, 30)
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.format == "JPEG"
        assert not getattr(image, "is_animated", False)

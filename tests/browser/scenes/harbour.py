"""The people and papers of a harbour festival, made once on a server: what scenes show when they show something."""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from tests import seed
from tests.browser.house import House

TITLE = "Harbour festival: plan"
PEOPLE = {
    "alma": "Alma Berg", "bo": "Bo Lind", "mira": "Mira Sol", "ines": "Inês Duarte", "jon": "Jon Åker",
    "kaia": "Kaia Moe", "li": "Li Wen", "nils": "Nils Holm",
}  # fmt: skip
# Title, owner, last editor, hours since then, others with their roles, what else: "*" starred by Alma, "@" by link.
PAPERS: list[tuple[str, str, str, float, dict[str, str], str]] = [
    ("Sail loft: house rules", "mira", "mira", 2, {"alma": "editor", "ines": "viewer"}, ""),
    ("Minutes, 14 November", "alma", "alma", 26, {"ines": "editor"}, ""),
    ("Programme text, English", "bo", "alma", 75, {"alma": "editor", "crew": "editor"}, "*"),
    ("Budget 2027: questions", "alma", "alma", 12 * 24, {}, ""),
    ("Fire service walk: notes", "bo", "bo", 20 * 24, {"alma": "viewer"}, "@"),
    ("Letters to the harbour office about the second stage, the crane and the long way round for lorries", "alma",
     "ines", 40 * 24, {"ines": "editor", "bo": "commenter"}, ""),
]  # fmt: skip
TRASHED = ("Poster, first draft", "Old price list")
TITLES = (TITLE, *(paper[0] for paper in PAPERS), *TRASHED)

PLAN = """# Harbour festival: plan

Three days, two stages, one promise: nobody queues for more than ten minutes. What we learned last year is in \
[the review](https://example.org/review); this page is what we do about it.

> [!NOTE]
> The pier closes at 23:00. Everything that needs a truck is in place by **16:00**.

## Before Friday

- [x] Confirm the second stage with the harbour office
- [ ] Walk the quay with the fire service
- [ ] Print 400 programmes, `A5`, folded

## Who is where

| Post | Friday | Saturday |
| --- | --- | --- |
| Gate north | Mira | Bo |
| First aid | Alma, Inês | Alma |
| Sail loft | Jon | Kaia, Li |

### Gate north

Ask [@Mira Sol](mention:MIRA) for the keys. The gate is ==four metres wide==: lorries come *before* ten, ~~on Friday~~ \
<u>every day</u>.

- Barriers
  - twelve long ones
  - four short ones
- Lamps

### First aid

1. The tent stands beside the crane.
2. Radios are on channel 4.

> Water first, questions later.

## If it rains

<details>
<summary>The small stage moves into the sail loft</summary>

Mira decides by noon.

</details>

> [!WARNING]
> Wind above force 7 closes the pier.

```python
def crowd(tickets: int, *, rain: bool) -> int:
    # half of them stay at home
    return tickets // 2 if rain else tickets
```

With $n$ visitors at two gates one waits about

$$
t = \\frac{n}{2 \\mu} \\approx 8\\,\\text{min}
$$

---

#### مرحبا بكم

أهلا بكم في مهرجان الميناء، المدخل من الشمال.

PICTURE

See you on the quay.
"""

MAKE = """
import io
from PIL import Image, ImageDraw
from documents import markdown, stars, trash
from documents.images import add_image, address_of
from documents.writing import begin
from permissions.models import CARET_COLORS

settings.MEDIA_ROOT = MEDIA
people = {}
for number, (name, full) in enumerate(PEOPLE.items()):
    people[name] = person(name)
    User.objects.filter(username=name).update(name=full, color=CARET_COLORS[number % len(CARET_COLORS)])
alma = user("alma")
crew = Group.objects.create(name="Crew")
crew.user_set.add(user("bo"), user("mira"))
now = timezone.now()

def shared(document, owner, roles):
    for name, role in roles.items():
        to = crew if name == "crew" else user(name)
        sharing.grant(by=owner, obj=document, to=to, role=Role.parse(role))

def since(document, hours):
    Document.objects.filter(pk=document.pk).update(edited_at=now - timedelta(hours=hours))

def picture():
    image = Image.new("RGB", (1200, 520))
    draw = ImageDraw.Draw(image)
    for y in range(520):
        t = y / 520
        draw.line([(0, y), (1200, y)], fill=(int(246 - 90 * t), int(214 - 40 * t), int(186 + 30 * t)))
    draw.ellipse([840, 120, 960, 240], fill=(255, 244, 214))
    draw.rectangle([0, 330, 1200, 520], fill=(62, 94, 122))
    for n in range(60):
        x, y = n * 97 % 1200, 340 + n * 53 % 170
        draw.line([(x, y), (x + 60, y)], fill=(96, 128, 152), width=2)
    for x, height in ((180, 190), (420, 240), (640, 160)):
        draw.polygon([(x, 350 - height), (x, 330), (x + height // 2, 330)], fill=(255, 251, 242))
        draw.polygon([(x - 70, 338), (x + 130, 338), (x + 95, 380), (x - 40, 380)], fill=(148, 58, 40))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out

plan = Document.objects.create_for(owner=alma, title=TITLE)
shared(plan, alma, {"bo": "editor", "mira": "commenter", "ines": "viewer", "jon": "editor", "kaia": "editor",
                    "li": "viewer", "crew": "viewer"})
links.set_link(by=alma, obj=plan, role=Role.VIEWER)
drawn = picture()
image = add_image(by=alma, document=plan, file=drawn, size=len(drawn.getvalue()))
tree = markdown.read(PLAN.replace("mention:MIRA", f"mention:{user('mira').pk}"))
alt = "Three boats under sail in the evening"
attrs = {"src": address_of(image), "alt": alt, "pixelWidth": image.width, "pixelHeight": image.height}
tree["content"] = [
    {"type": "image", "attrs": attrs} if block.get("content") == [{"type": "text", "text": "PICTURE"}] else block
    for block in tree["content"]
]
begin(plan, by=user("bo"), tree=tree)
since(plan, 0.2)
stars.star(by=alma, document=plan)
for title, owner, editor, hours, roles, more in PAPERS:
    made = Document.objects.create_for(owner=user(owner), title=title)
    shared(made, user(owner), roles)
    if "@" in more:
        links.set_link(by=user(owner), obj=made, role=Role.VIEWER)
    begin(made, by=user(editor) if roles.get(editor) != "viewer" else user(owner), tree=markdown.read("Words."))
    since(made, hours)
    if "*" in more:
        stars.star(by=alma, document=made)
for title in TRASHED:
    trash.trash(by=alma, document=Document.objects.create_for(owner=alma, title=title))
result = {"plan": str(plan.pk), "people": people}
"""


@dataclass(frozen=True)
class Harbour:
    """The plan's id; it is read and never written to: scenes that write have a copy."""

    plan: str


_made: "WeakKeyDictionary[House, Harbour]" = WeakKeyDictionary()


def harbour(house: House) -> Harbour:
    """The one of this house, made when it is first asked for."""
    if house not in _made:
        given = {"PEOPLE": PEOPLE, "PAPERS": PAPERS, "TRASHED": TRASHED, "TITLE": TITLE, "PLAN": PLAN}
        given["MEDIA"] = str(house.app.folder / "media")
        head = "".join(f"{name} = {value!r}\n" for name, value in given.items())
        made: dict[str, Any] = seed.run(head + MAKE, database_url=house.database_url)
        house.people.update(made["people"])
        _made[house] = Harbour(made["plan"])
    return _made[house]

"""Many updates as one: the same as yrs makes of them at once."""

from random import Random

import pytest
from pycrdt import Doc, Text, merge_updates

from collab.core.replica import MERGED_AT_ONCE, merged


def typed(count: int, rng: Random, *, writers: int = 1) -> list[bytes]:
    """Single letters, and now and then a deletion, of some who see each other."""
    docs: list[Doc[Text]] = [Doc() for _ in range(writers)]
    updates: list[bytes] = []
    for doc in docs:
        doc["text"] = Text()
        doc.observe(lambda event: updates.append(event.update))
    while len(updates) < count:
        doc = rng.choice(docs)
        text = doc.get("text", type=Text)
        before = len(updates)
        if len(text) > 3 and rng.random() < 0.2:
            del text[rng.randrange(len(text))]
        else:
            text.insert(rng.randrange(len(text) + 1), "xyz"[: rng.randint(1, 3)])
        for each in updates[before:]:
            for other in docs:
                if other is not doc:
                    other.apply_update(each)
        del updates[before + 1 :]  # what the others' docs said of it
    return updates[:count]


@pytest.mark.parametrize("count", [1, 2, MERGED_AT_ONCE, MERGED_AT_ONCE + 1, MERGED_AT_ONCE**2 + 1])
@pytest.mark.parametrize("writers", [1, 3])
def test_it_is_what_yrs_makes_of_them_at_once(count: int, writers: int) -> None:
    updates = typed(count, Random(count), writers=writers)
    one: Doc[Text] = Doc()
    one.apply_update(merged(updates))
    all_at_once: Doc[Text] = Doc()
    all_at_once.apply_update(merge_updates(*updates) if count > 1 else updates[0])
    assert str(one.get("text", type=Text)) == str(all_at_once.get("text", type=Text)) != ""
    assert one.get_state() == all_at_once.get_state()
    assert one.get_update() == all_at_once.get_update()

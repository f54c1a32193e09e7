"""Pasting as a person does it, without the machine's clipboard: all tests share that."""

from .visitor import Visitor

PASTE = """
(editor, kinds) => {
  const data = new DataTransfer()
  for (const [kind, text] of Object.entries(kinds)) data.setData(kind, text)
  editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
}
"""
PASTE_FILE = """
(editor, { data, mime }) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
  const clipboardData = new DataTransfer()
  clipboardData.items.add(new File([bytes], 'pasted', { type: mime }))
  editor.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
}
"""


async def paste(visitor: Visitor, **kinds: str) -> None:
    """Paste where the caret is: `paste(ada, plain="…", html="…")`."""
    await visitor.editor.evaluate(PASTE, {f"text/{kind}": text for kind, text in kinds.items()})


async def paste_file(visitor: Visitor, data: str, mime: str) -> None:
    """Paste a file, given in Base64, where the caret is."""
    await visitor.editor.evaluate(PASTE_FILE, {"data": data, "mime": mime})


async def write(visitor: Visitor, markdown: str) -> None:
    """Put a whole document in, as Markdown that is surely seen as such, and wait until it is saved."""
    await visitor.click_at_end()
    await paste(visitor, plain=markdown)
    last = markdown.strip().splitlines()[-1].lstrip("#->[x] ")
    await visitor.sees(lambda text: last in text, what=f"the end of what was pasted, {last!r}")
    await visitor.says("saved")

"""The rendered page with links to its sources: numbers, figures, tables, and what makes it alive.

The page is read once and written again as it was, with additions. It may come from pandoc or from
Quarto; a figure is known by its identifier, a number by the span around its variable.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser

from thyro.report import passports
from thyro.report.passports import Passport
from thyro.report.sources import Source

# One number, or an estimate with its interval; not the digits of a name such as ResNet101.
ONE = r"(?:= )?−?\d+(?:,\d{3})*(?:\.\d+)?%?"
RANGE = rf"{ONE}(?:(?:–| to ){ONE})?"
NUMBERS = re.compile(rf"(?<![\w.−]){RANGE}(?:\s?\({RANGE}\))?(?!\w|\.\d)")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
ASIDE = {"a", "code", "math", "script", "style", "button"}  # in these no number becomes a link
TITLE = re.compile(r"\s*(.*?\d+)[.:\s]")


def with_sources(
    page: str,
    sources: Mapping[str, Source],
    cells: Mapping[str, list[tuple[str, str]]],
    records: Mapping[str, Passport],
    *,
    notebooks: str = "notebooks",
    files: Mapping[str, Sequence[str]] | None = None,
    described: Mapping[str, str] | None = None,
    foot: str = "",
) -> str:
    """The page with a passport at every figure and table and a source at every number of prose.

    Parameters
    ----------
    page : str
        HTML in which a variable stands in `<span class="value" data-var="cohort.n">`.
    sources : mapping of variable to Source
    cells : mapping of identifier of a float to (notebook, label) pairs
        As `passports.embedded_cells` finds them.
    records : mapping of notebook to Passport
    notebooks : str
        Folder of their pages, relative to this page.
    files : mapping of identifier of a float to sequence of str, optional
        What the report made it from, where it has no cell.
    described : mapping of identifier of a figure to text, optional
        What it shows, added to the text for readers who cannot see it.
    foot : str
        HTML for the end of the body: scripts.
    """
    writer = _Writer(sources, cells, records, notebooks, files or {}, described or {}, foot)
    writer.feed(page)
    writer.close()
    return "".join(writer.out)


class _Writer(HTMLParser):
    """Echoes a page, and adds to it."""

    def __init__(self, sources, cells, records, notebooks, files, described, foot):
        super().__init__(convert_charrefs=False)
        self.sources, self.cells, self.records = sources, cells, records
        self.notebooks, self.files = notebooks, files
        self.described, self.foot = described, foot
        self.out: list[str] = []
        self.open: list[tuple[str, str]] = []  # tag and what it is: identifier or variable
        self.caption: list[str] = []  # text of the caption of the float that is open
        self.used: dict[str, None] = {}  # variables with a link, in order

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        text = self.get_starttag_text() or ""
        mark = ""
        if tag == "span" and given.get("data-var") in self.sources:
            mark = f"var {given['data-var']}"
        elif given.get("id") in self.cells and not self._inside("float"):
            mark = f"float {given['id']}"
            self.caption = []
        elif tag == "th" and "scope" not in given:
            text = text.replace("<th", '<th scope="col"', 1)
        elif tag == "img":
            text = self._with_result(text, given.get("alt", ""))
        self.out.append(text)
        if tag not in VOID:
            self.open.append((tag, mark))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text = self.get_starttag_text() or ""
        if tag == "img":
            text = self._with_result(text, dict(attrs).get("alt") or "")
        self.out.append(text)

    def _with_result(self, image: str, alt: str) -> str:
        """An image of a figure, its text followed by what the figure shows."""
        shown = self.described.get(self._inside("float"))
        if not shown:
            return image
        words = html.escape(" ".join([f"{alt.rstrip().rstrip('.')}.", shown]))
        return re.sub(r'alt="[^"]*"', lambda _: f'alt="{words}"', image, count=1)

    def handle_endtag(self, tag: str) -> None:
        mark = self._closed(tag)
        if mark.startswith("float "):
            self.out.append(self._passport(mark.removeprefix("float ")))
        if tag == "main":
            self.out.append(self._list_of_sources() + passports.record_section(self.records))
        if tag == "body":
            self.out.append(self.foot)
        self.out.append(f"</{tag}>")

    def _closed(self, tag: str) -> str:
        """Take the element off the open ones, with those inside that HTML lets stay open."""
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                mark = self.open[place][1]
                del self.open[place:]
                return mark
        return ""

    def handle_data(self, data: str) -> None:
        if self._inside("float") and any(tag == "figcaption" for tag, _ in self.open):
            self.caption.append(data)
        variable = self._inside("var")
        if not variable or any(tag in ASIDE for tag, _ in self.open):
            self.out.append(data)
            return
        target = html.escape(f"#source-{variable}")
        made = NUMBERS.sub(lambda found: f'<a class="number" href="{target}">{found[0]}</a>', data)
        if made != data:
            self.used[variable] = None
        self.out.append(made)

    def _inside(self, kind: str) -> str:
        """Identifier or variable of the innermost open element of a kind; "" if none is open."""
        for _, mark in reversed(self.open):
            if mark.startswith(f"{kind} "):
                return mark.removeprefix(f"{kind} ")
        return ""

    def _passport(self, identifier: str) -> str:
        text = "".join(self.caption).replace("\u00a0", " ").replace("&nbsp;", " ")
        found = TITLE.match(html.unescape(text))
        title = " ".join(found[1].split()) if found else identifier
        files = self.files.get(identifier, ())
        return passports.as_html(title, self.cells[identifier], self.notebooks, files=files)

    def _list_of_sources(self) -> str:
        if not self.used:
            return ""
        rows = "".join(_row(self.sources[name]) for name in self.used)
        return (
            '<section id="number-sources"><h1>Sources of the numbers</h1>'
            "<p>The numbers of the text that the results determine, in the order of the text, with "
            "the results that were read for them. Where one value alone was rounded to a number, "
            "that value and its place are shown.</p>"
            "<details><summary>Show all</summary>"
            '<div class="scroll" tabindex="0" role="group" aria-label="Sources of the numbers">'
            '<table class="plain"><thead><tr><th scope="col">Variable</th>'
            '<th scope="col">Before rounding</th><th scope="col">Files read</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div></details></section>"
        )

    # What has no part in this is echoed as it stands.
    def handle_entityref(self, name: str) -> None:
        self._echo(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._echo(f"&#{name};")

    def _echo(self, text: str) -> None:
        if self._inside("float") and any(tag == "figcaption" for tag, _ in self.open):
            self.caption.append(text)
        self.out.append(text)

    def handle_comment(self, data: str) -> None:
        self.out.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.out.append(f"<!{decl}>")


def _row(source: Source) -> str:
    exact = "".join(_exact(source))
    # where every value has its place, the other files that the section read say nothing more
    files = {one.place.partition(", ")[0] for one in source.exact if one.place}
    read = sorted(files) if files and all(one.place for one in source.exact) else source.files
    listed = ", ".join(f"<code>{html.escape(file)}</code>" for file in read)
    name = html.escape(source.name)
    return (
        f'<tr id="source-{name}"><th scope="row"><code>{name}</code></th>'
        f"<td>{exact or '–'}</td><td>{listed or 'records of the run'}</td></tr>"
    )


def _exact(source: Source) -> Iterator[str]:
    for one in source.exact:
        place = f" ({html.escape(one.place)})" if one.place else ""
        known = " data-place" if one.place else ""
        printed = html.escape(one.printed)
        yield f'<span data-printed="{printed}"{known}>{printed} is {one.value!r}{place}</span>'

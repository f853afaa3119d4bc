"""Tables, paragraphs and the console that prints them, the same look for every command.

A table breaks no id and no word. Where its columns do not fit side by side those of the lowest priority go first, and
what went is told beneath; where the rest does not fit either, each row is a block of lines.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from .folding import folded, longest_piece

ENDLESS = 10_000
_GAP = 2
_INDENT = 2
_CUT = " …"


def line_width(terminal: bool) -> int:
    """How wide lines may be: what COLUMNS says, else the terminal's width, else as wide as they need to be."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said):
        return min(int(said), ENDLESS)
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80 if terminal else ENDLESS


def console(*, wide: bool = False) -> Console:
    """Standard output. Where it is no terminal, lines are as long as they need to be, or as COLUMNS says."""
    terminal = sys.stdout.isatty()
    width = ENDLESS if wide else line_width(terminal)
    if terminal:
        return Console(highlight=False, width=width, soft_wrap=True)
    return Console(highlight=False, width=width, soft_wrap=True, no_color=True)


@dataclass(frozen=True, slots=True)
class Column:
    """A column. One of `priority` 0 always stays; of the others the highest goes first where there is no room.

    `lines` is how many lines a cell may have where there is no room; 0: as many as it needs. A `whole` column is
    never folded. `least` is how wide it has to be to be of use.
    """

    name: str
    priority: int = 0
    justify: Literal["left", "right"] = "left"
    style: str = ""
    lines: int = 0
    whole: bool = False
    least: int = 0


@dataclass(slots=True)
class Table:
    """Rows of cells under heads, laid out when it is printed. Cells are plain text, or styled `Text`."""

    columns: tuple[Column, ...]
    title: str | None = None
    heads: bool = True
    indent: int = _INDENT
    rows: list["tuple[Text, ...] | Paragraph"] = field(default_factory=list)

    def add_row(self, *cells: str | Text) -> None:
        """Add a row: a cell for each column."""
        assert len(cells) == len(self.columns)
        self.rows.append(
            tuple(
                cell if isinstance(cell, Text) else Text(cell, style=column.style)
                for cell, column in zip(cells, self.columns, strict=True)
            )
        )

    def add_section(self) -> None:
        """Leave a line free."""
        self.rows.append(Paragraph(Text("")))

    def add_span(self, paragraph: "Paragraph") -> None:
        """Add a row that is no cells but a paragraph."""
        self.rows.append(paragraph)

    @property
    def _cells(self) -> "list[tuple[Text, ...]]":
        return [row for row in self.rows if not isinstance(row, Paragraph)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines that fit in this many columns."""
        yield from self.lines(options.max_width)

    def lines(self, width: int) -> Iterator[Text]:
        """The lines that fit in `width` columns."""
        if self.title:
            yield from folded(Text(self.title, style="bold"), width)
        least = [self._least(at) for at in range(len(self.columns))]
        filled = [
            at
            for at in range(len(self.columns))
            if not self._cells or any(row[at].plain for row in self._cells)
        ]
        chosen = self._chosen(filled, least, width)
        cut = False
        fits = self._fits(chosen, least, width)
        for line in (
            self._side_by_side(chosen, least, width) if fits else self._blocks(chosen, width)
        ):
            cut |= _CUT in line.plain
            yield line
        told = (
            [f"left out for want of room: {', '.join(names)}"]
            if (names := [self.columns[at].name for at in filled if at not in chosen])
            else []
        )
        told += ["… is cut"] if cut else []
        if told:
            note = f"{'; '.join(told)}; --wide shows all"
            yield from _indented(Text(note, style="dim"), width, self.indent)
        if self.heads:
            yield Text("")

    def _fits(self, chosen: Sequence[int], least: Sequence[int], width: int) -> bool:
        return self.indent + sum(least[at] + _GAP for at in chosen) - _GAP <= width

    def _chosen(self, filled: Sequence[int], least: Sequence[int], width: int) -> list[int]:
        """The columns that are shown, by their numbers. A column without anything in it is none."""
        chosen = list(filled)
        while not self._fits(chosen, least, width):
            last = max(chosen, key=lambda at: (self.columns[at].priority, at))
            if not self.columns[last].priority:
                break
            chosen.remove(last)
        return chosen

    def _least(self, at: int) -> int:
        """How narrow a column may be: no narrower than its widest piece."""
        column = self.columns[at]
        wide = _liked if column.whole else longest_piece
        texts = self._texts(at)
        widest = max(map(wide, texts), default=0)
        liked = max(map(_liked, texts), default=0)
        return max(widest, min(column.least, liked))

    def _texts(self, at: int) -> list[str]:
        return [
            "",
            *([self.columns[at].name] if self.heads else []),
            *(row[at].plain for row in self._cells),
        ]

    def _widths(self, chosen: Sequence[int], narrowest: Sequence[int], width: int) -> list[int]:
        """Each column as wide as it likes to be, or else what is left shared out, the narrow ones first."""
        least = [narrowest[at] for at in chosen]
        liked = [
            max(low, *map(_liked, self._texts(at))) for low, at in zip(least, chosen, strict=True)
        ]
        left = width - self.indent - _GAP * (len(chosen) - 1) - sum(least)
        widths = list(least)
        wanting = sorted(range(len(chosen)), key=lambda place: liked[place] - least[place])
        for done, place in enumerate(wanting):
            share = left // (len(wanting) - done)
            more = min(liked[place] - least[place], share)
            widths[place] += more
            left -= more
        return widths

    def _side_by_side(
        self, chosen: Sequence[int], least: Sequence[int], width: int
    ) -> Iterator[Text]:
        widths = self._widths(chosen, least, width)
        if self.heads:
            heads = [Text(self.columns[at].name, style="bold") for at in chosen]
            yield from self._row(heads, chosen, widths, cut=False)
            yield Text("─" * (sum(widths) + _GAP * (len(widths) - 1) + self.indent), style="dim")
        for row in self.rows:
            if isinstance(row, Paragraph):
                yield from row.lines(width)
                continue
            yield from self._row([row[at] for at in chosen], chosen, widths, cut=width < ENDLESS)

    def _row(
        self, cells: Sequence[Text], chosen: Sequence[int], widths: Sequence[int], *, cut: bool
    ) -> Iterator[Text]:
        stacks = [
            _cut(folded(cell, room), self.columns[at].lines if cut else 0, room)
            for cell, at, room in zip(cells, chosen, widths, strict=True)
        ]
        for number in range(max(map(len, stacks), default=0)):
            line = Text(" " * self.indent)
            for stack, at, room in zip(stacks, chosen, widths, strict=True):
                part = stack[number] if number < len(stack) else Text("")
                blank = " " * max(0, room - part.cell_len)
                if self.columns[at].justify == "right":
                    line.append(blank).append_text(part).append(" " * _GAP)
                else:
                    line.append_text(part).append(blank + " " * _GAP)
            line.rstrip()
            yield line

    def _blocks(self, chosen: Sequence[int], width: int) -> Iterator[Text]:
        for row in self.rows:
            if isinstance(row, Paragraph):
                yield from row.lines(width)
                continue
            if not self.heads:
                text = Text("  ").join(row[at] for at in chosen if row[at].plain)
                yield from _indented(text, width, self.indent, _INDENT)
                continue
            for number, at in enumerate(chosen):
                if not row[at].plain:
                    continue
                head = f"{self.columns[at].name}: "
                text = Text(head, style="dim").append_text(row[at])
                lead = self.indent if not number else self.indent + _INDENT
                yield from _indented(text, width, lead, 0 if not number else _INDENT)


def _liked(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _cut(lines: list[Text], most: int, width: int) -> list[Text]:
    """At most so many lines; that something was left out shows."""
    if not most or len(lines) <= most:
        return lines
    last = folded(lines[most - 1], max(1, width - 2))[0]
    return [*lines[: most - 1], last.append(_CUT)]


def _indented(text: Text, width: int, lead: int, hanging: int = 0) -> Iterator[Text]:
    for number, line in enumerate(folded(text, max(1, width - lead), hanging)):
        yield Text(" " * (lead + (hanging if number else 0))).append_text(line)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text folded like a table's cells, `lead` columns from the left, and `hanging` more from its second line on."""

    text: Text
    lead: int = 0
    hanging: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines."""
        yield from self.lines(options.max_width)

    def lines(self, width: int) -> Iterator[Text]:
        """Its lines, where there are so many columns."""
        yield from _indented(self.text, width, self.lead, self.hanging)


def paragraph(markup: str, lead: int = 0, hanging: int = 0, *, style: str = "") -> Paragraph:
    """A paragraph of text with rich's markup; what comes from elsewhere has to be escaped."""
    return Paragraph(Text.from_markup(markup, style=style), lead, hanging)


def table(*columns: str | Column, title: str | None = None) -> Table:
    """An empty table with these columns."""
    return Table(
        tuple(each if isinstance(each, Column) else Column(each) for each in columns), title
    )

"""Styles added to a workbook's own: what is there keeps its number, what we need stands behind it."""

from __future__ import annotations

from dataclasses import dataclass

from planbook.package.archive import SPREADSHEET, WORKBOOK, Archive
from planbook.package.markup import Element, Part

ORDER = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles",
    "colors", "extLst",
)  # fmt: skip
_PLAIN = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="{namespace}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>'
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell of ours looks; colours as ``RRGGBB``, none where empty."""

    color: str = "222222"
    fill: str = ""
    border: str = ""
    size: int = 10
    bold: bool = False
    underline: bool = False
    center: bool = False
    wrap: bool = True


class StyleBook:
    """The styles part of a package, growing; items that are there already are not added again."""

    def __init__(self, archive: Archive, font: str) -> None:
        self._archive = archive
        self._font = font
        found = [r.target for r in archive.relations(WORKBOOK) if r.kind == "styles"]
        self._name = found[0] if found and archive.has(found[0]) else self._create()
        self._part = archive.part(self._name)

    def _create(self) -> str:
        name = "xl/styles.xml"
        self._archive.put(name, _PLAIN.format(namespace=self._archive.namespace))
        self._archive.relate(WORKBOOK, "styles", name)
        self._archive.declare(name, SPREADSHEET + "styles+xml")
        return name

    def cell(self, look: Look) -> int:
        """The number of a cell format with this look."""
        font, fill, border = self._font_of(look), self._fill_of(look), self._border_of(look)
        align = "center" if look.center else "left"
        wrap = ' wrapText="1"' if look.wrap else ""
        return self._item(
            "cellXfs",
            f'<{{p}}xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" '
            'applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
            f'<{{p}}alignment horizontal="{align}" vertical="center"{wrap}/></{{p}}xf>',
        )

    def mark(self, color: str, fill: str) -> int:
        """The number of a format for a conditional rule."""
        return self._item(
            "dxfs",
            f'<{{p}}dxf><{{p}}font><{{p}}color rgb="FF{color}"/></{{p}}font><{{p}}fill>'
            f'<{{p}}patternFill patternType="solid"><{{p}}fgColor rgb="FF{fill}"/>'
            f'<{{p}}bgColor rgb="FF{fill}"/></{{p}}patternFill></{{p}}fill></{{p}}dxf>',
        )

    def save(self) -> None:
        """Put the part back into its package."""
        self._archive.put(self._name, self._part)

    def _font_of(self, look: Look) -> int:
        bold = "<{p}b/>" if look.bold else ""
        line = "<{p}u/>" if look.underline else ""
        return self._item(
            "fonts",
            f'<{{p}}font>{bold}{line}<{{p}}sz val="{look.size}"/><{{p}}color rgb="FF{look.color}"/>'
            f'<{{p}}name val="{self._font}"/></{{p}}font>',
        )

    def _fill_of(self, look: Look) -> int:
        if not look.fill:
            return 0
        return self._item(
            "fills",
            f'<{{p}}fill><{{p}}patternFill patternType="solid"><{{p}}fgColor rgb="FF{look.fill}"/>'
            '<{p}bgColor indexed="64"/></{p}patternFill></{p}fill>',
        )

    def _border_of(self, look: Look) -> int:
        if not look.border:
            return 0
        sides = "".join(
            f'<{{p}}{side} style="thin"><{{p}}color rgb="FF{look.border}"/></{{p}}{side}>'
            for side in ("left", "right", "top", "bottom")
        )
        return self._item("borders", f"<{{p}}border>{sides}<{{p}}diagonal/></{{p}}border>")

    def _item(self, collection: str, template: str) -> int:
        """The number of an item in a collection: of one that reads the same, or of a new one."""
        prefix = self._part.root.prefix
        new = template.replace("{p}", prefix)
        holder = self._part.child(collection)
        if holder is None:
            empty = f"<{prefix}{collection}></{prefix}{collection}>"
            self._part = self._part.insert_ordered(ORDER, collection, empty)
            holder = self._part.child(collection)
        assert holder is not None
        items = self._part.children(holder)
        for number, item in enumerate(items):
            if self._part.text[item.start : item.end] == new:
                return number
        self._part = _recount(self._part.append(holder, new), collection, len(items) + 1)
        return len(items)


def _recount(part: Part, collection: str, count: int) -> Part:
    holder: Element | None = part.child(collection)
    assert holder is not None
    return part.set_attribute(holder, "count", str(count))

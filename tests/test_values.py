"""What people type, and what planbook reads in it (DOMAIN §4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planbook.units import Unit, UnitTable
from planbook.values import (
    NIL,
    Reading,
    Span,
    clean_text,
    is_nil_text,
    match_key,
    normalise_text,
    read_date,
    read_flag,
    read_percent,
    read_quantity,
    read_span,
)
from planbook.values.numerals import read_numeral
from planbook.values.traditional import SIMPLIFIED

UNITS = UnitTable(
    [
        Unit("元", "money"),
        Unit("万元", "money", 1e4),
        Unit("亿元", "money", 1e8),
        Unit("天", "time", 1, ("日", "days")),
        Unit("家", "companies", 1, ("customers",)),
        Unit("个", "pieces", 1, ("pcs",)),
        Unit("分", "points"),
        Unit("%", "percent"),
        Unit("平方米", "area", 1, ("m²",)),
    ]
)


class TestText:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("  提升客户复购率 \n", "提升客户复购率"),
            ("华东，华南", "华东，华南"),
            ("１２", "１２"),
            ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
            ("_x000D_", "_x000D_"),
            ("a\tb", "a b"),
            ("零\u200b宽\ufeff字\u2060符\u00ad", "零宽字符"),
            ("控\x07制\x00", "控制"),
            ("左\u202e右", "左右"),
            ("\ud800坏", "坏"),
            ("a\u2028b", "a\nb"),
            ("a  b", "a  b"),
        ],
    )
    def test_cleaning_removes_only_what_cannot_be_seen(self, typed: str, kept: str) -> None:
        assert clean_text(typed) == kept

    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("ＣＲＭ　系统", "CRM 系统"),
            ("目标\n 名称", "目标 名称"),
            ("a\u00a0\u2009\u3000b", "a b"),
            ("\u200b目标\u200d名称", "目标名称"),
            ("（满分１００）", "(满分100)"),
            ("葛\U000e0100城", "葛城"),
            ("達成率", "達成率"),
            ("Sales", "Sales"),
        ],
    )
    def test_normalising_folds_width_and_white_space(self, typed: str, shown: str) -> None:
        assert normalise_text(typed) == shown

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("達成率", "达成率"),
            ("部門年度戰略目標總表", "部门年度战略目标总表"),
            ("關鍵任務執行跟蹤表", "关键任务执行跟踪表"),
            ("責任崗位", "责任岗位"),
            ("財務部／人力資源部", "财务部/人力资源部"),
            ("帳款", "账款"),
            ("Goal Name", "goalname"),
            ("目标\n名称", "目标名称"),
            ("主要原因分析（客观／主观）", "主要原因分析(客观/主观)"),
            ("线索－签约周期", "线索—签约周期"),
            ("线索−签约周期", "线索-签约周期"),
            ("承接“年度营收增长15%”战略", '承接"年度营收增长15％"战略'),
            ("customer’s", "customer's"),
            ("1～3月", "1〜3月"),
            ("【重点】", "[重点]"),
            ("暂停／取消\u200b", "暂停 / 取消"),
            ("Straße", "STRASSE"),
        ],
    )
    def test_two_spellings_of_one_title_match(self, one: str, other: str) -> None:
        assert match_key(one) == match_key(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("目标值*", "目标值"), ("评分(满分100)", "评分"), ("计划开始时间", "计划完成时间"), ("Q1", "Q2")],
    )
    def test_different_titles_stay_different(self, one: str, other: str) -> None:
        assert match_key(one) != match_key(other)

    @given(st.text())
    @example("ſ ﬁ İ ΐ 〈ǅ〉 ͅα")
    def test_the_key_of_a_key_is_itself(self, text: str) -> None:
        assert match_key(match_key(text)) == match_key(text)

    def test_the_character_table_goes_one_way_in_one_step(self) -> None:
        assert len(SIMPLIFIED) > 700
        assert not {ord(char) for char in SIMPLIFIED.values()} & set(SIMPLIFIED)


class TestNil:
    @pytest.mark.parametrize(
        "text",
        [
            "无",
            "無",
            "不适用",
            "N/A",
            "NA",
            "n/a",
            "Ｎ／Ａ",
            "-",
            "—",
            "——",
            "–",
            "/",
            "none",
            "Nil",
            "Not applicable",
            " 无 ",
        ],
    )
    def test_said_to_be_none(self, text: str) -> None:
        assert is_nil_text(text)
        for reading in (
            read_quantity(text, UNITS),
            read_percent(text),
            read_date(text, year=2024),
            read_span(text, year=2024),
        ):
            assert reading == Reading(NIL, text=text.strip())

    @pytest.mark.parametrize("text", ["", " ", "0", "零", "无锡", "待定", "-1", "#N/A"])
    def test_not_said_to_be_none(self, text: str) -> None:
        assert not is_nil_text(text)

    @pytest.mark.parametrize("blank", [None, "", " \n", "\u3000", "\u200b"])
    def test_missing_is_not_none_and_not_zero(self, blank: str | None) -> None:
        assert read_quantity(blank, UNITS) == Reading(None)
        assert read_percent(blank) == Reading(None)
        assert read_date(blank, year=2024) == Reading(None)
        assert read_span(blank, year=2024) == Reading(None)
        assert read_quantity("0", UNITS) == Reading(0.0, text="0")

    def test_a_typed_value_is_no_text(self) -> None:
        reading = read_quantity(12, UNITS)
        assert reading == Reading(12.0)
        assert reading is not None
        assert not reading.from_text
        text = read_quantity("12", UNITS)
        assert text is not None
        assert text.from_text


QUANTITIES = [
    # typed, value, unit
    ("1.2亿元", 1.2, "亿元"),
    ("1.2億元", 1.2, "亿元"),
    ("1.2亿", 120000000.0, ""),
    ("1.2 亿", 120000000.0, ""),
    ("1200万", 12000000.0, ""),
    ("3百万", 3000000.0, ""),
    ("2万亿", 2e12, ""),
    ("12万家", 120000.0, "家"),
    ("1亿2000万", 120000000.0, ""),
    ("1亿2000万元", 1.2, "亿元"),
    ("5 million", 5000000.0, ""),
    ("１２", 12.0, ""),
    ("٣٥", 35.0, ""),
    ("𝟗𝟎", 90.0, ""),
    ("1,234.5", 1234.5, ""),
    ("1，234", 1234.0, ""),
    ("12 000", 12000.0, ""),
    ("12\u00a0000", 12000.0, ""),
    ("12\u2009000.5", 12000.5, ""),
    ("1'234", 1234.0, ""),
    (".5", 0.5, ""),
    ("007", 7.0, ""),
    ("12家", 12.0, "家"),
    ("12 家", 12.0, "家"),
    ("12家。", 12.0, "家"),
    ("80%", 80.0, "%"),
    ("80％", 80.0, "%"),
    ("80 %", 80.0, "%"),
    ("(1,000)", -1000.0, ""),
    ("（1,000）", -1000.0, ""),
    ("(1,000)万元", -1000.0, "万元"),
    ("(5%)", -5.0, "%"),
    ("−5", -5.0, ""),
    ("-5", -5.0, ""),
    ("–5", -5.0, ""),
    ("—5", -5.0, ""),
    ("－5", -5.0, ""),
    ("﹣5", -5.0, ""),
    ("负5", -5.0, ""),
    ("- 5", -5.0, ""),
    (" +5", 5.0, ""),
    ("-0", 0.0, ""),
    ("十二", 12.0, ""),
    ("十二家", 12.0, "家"),
    ("十二亿", 1200000000.0, ""),
    ("负三", -3.0, ""),
    ("〇", 0.0, ""),
    ("零", 0.0, ""),
    ("零万元", 0.0, "万元"),
    ("壹佰贰拾叁", 123.0, ""),
    ("壹佰万元整", 100.0, "万元"),
    ("百分之八十", 80.0, "%"),
    ("百分之80", 80.0, "%"),
    ("负百分之五", -5.0, "%"),
    ("千分之三", 3.0, "‰"),
    ("5百分点", 5.0, "百分点"),
    ("50家以上", 50.0, "家"),
    ("50+", 50.0, ""),
    ("25天以内", 25.0, "天"),
    ("25天内", 25.0, "天"),
    ("≥90分", 90.0, "分"),
    (">=90", 90.0, ""),
    ("＞90", 90.0, ""),
    ("不低于90", 90.0, ""),
    ("不少于90", 90.0, ""),
    ("至少50", 50.0, ""),
    ("at least 50", 50.0, ""),
    ("突破50家", 50.0, "家"),
    ("≤25天", 25.0, "天"),
    ("不超过25天", 25.0, "天"),
    ("缩短至25天", 25.0, "天"),
    ("已完成8家", 8.0, "家"),
    ("¥120,000,000", 120000000.0, "元"),
    ("￥5万", 50000.0, "元"),
    ("¥1.2亿元", 1.2, "亿元"),
    ("RMB 500", 500.0, "元"),
    ("500 RMB", 500.0, "元"),
    ("人民币500万元", 500.0, "万元"),
    ("-¥5", -5.0, "元"),
    ("¥-5", -5.0, "元"),
    ("US$500", 500.0, "美元"),
    ("1e3", 1000.0, ""),
    ("1.5E+6", 1500000.0, ""),
    ("1e-3", 0.001, ""),
    ("5 pcs", 5.0, "个"),
    ("5 customers", 5.0, "家"),
    ("5m²", 5.0, "平方米"),
    ("12场", 12.0, "场"),
    ("12場", 12.0, "场"),
    ("5元/人", 5.0, "元/人"),
    ("12\n家", 12.0, "家"),
]

VAGUE_QUANTITIES = [
    ("约50", 50.0, ""),
    ("大约50家", 50.0, "家"),
    ("50家左右", 50.0, "家"),
    ("≈50", 50.0, ""),
    ("about 50", 50.0, ""),
    ("50多家", 50.0, "家"),
    ("十余家", 10.0, "家"),
    ("100多万", 1000000.0, ""),
    ("50w", 500000.0, ""),
    ("1,2", 1.2, ""),
    ("1,23", 1.23, ""),
    ("0,500", 0.5, ""),
    ("1.234.567,8", 1234567.8, ""),
    ("90分（满分100）", 90.0, "分"),
    ("十分满意", 10.0, "分满意"),
]

RANGES = [
    ("90–95", 90.0, 95.0, ""),
    ("90-95分", 90.0, 95.0, "分"),
    ("90分-95分", 90.0, 95.0, "分"),
    ("90~95", 90.0, 95.0, ""),
    ("90～95", 90.0, 95.0, ""),
    ("90至95", 90.0, 95.0, ""),
    ("90到95", 90.0, 95.0, ""),
    ("90 to 95", 90.0, 95.0, ""),
    ("80%-90%", 80.0, 90.0, "%"),
    ("3-5万", 30000.0, 50000.0, ""),
    ("5000-1万", 5000.0, 10000.0, ""),
    ("1-1.2亿元", 1.0, 1.2, "亿元"),
    ("−5~−3", -5.0, -3.0, ""),
    ("90-90", 90.0, 90.0, ""),
    ("1-1万", 10000.0, 10000.0, ""),
]

UNREADABLE_QUANTITIES = [
    "abc", "10 of 12", "12家和3个", "12家和三个", "2024-06-30", "2024/6/30", "2024-06", "1e301", "1e999",
    "inf",
    "nan", "1,2345", "1,234,56", "12 00", "1.2.3", "1.234.567", "--5", "(-5)", "(一)", "⑴", "①50", "10²", "½",
    "两三家", "七八个", "十几家", "几十家", "万元", "95-90", "1-2-3", "5-", "90元-95天", "5 wonderful things",
    "待定", "未完成8家", "9" * 101, "人民币5万美元", "1,,000", "5 5", "10:30",
]  # fmt: skip


class TestQuantity:
    @pytest.mark.parametrize(("typed", "value", "unit"), QUANTITIES)
    def test_reads_what_planners_type(self, typed: str, value: float, unit: str) -> None:
        assert read_quantity(typed, UNITS) == Reading(value, unit=unit, text=typed.strip())

    @pytest.mark.parametrize(("typed", "value", "unit"), VAGUE_QUANTITIES)
    def test_what_is_vague_is_read_and_said_to_be(self, typed: str, value: float, unit: str) -> None:
        assert read_quantity(typed, UNITS) == Reading(value, unit=unit, text=typed, ambiguous=True)

    @pytest.mark.parametrize(("typed", "low", "high", "unit"), RANGES)
    def test_a_range_fills_both_bounds(self, typed: str, low: float, high: float, unit: str) -> None:
        assert read_quantity(typed, UNITS) == Reading(low, unit=unit, high=high, text=typed)

    def test_a_vague_range_is_vague(self) -> None:
        assert read_quantity("约90-95", UNITS) == Reading(90.0, high=95.0, text="约90-95", ambiguous=True)

    @pytest.mark.parametrize("typed", UNREADABLE_QUANTITIES)
    def test_what_is_no_amount_is_not_guessed(self, typed: str) -> None:
        assert read_quantity(typed, UNITS) is None

    @pytest.mark.parametrize(
        "typed",
        [True, False, date(2024, 6, 30), datetime(2024, 6, 30), float("nan"), float("inf"), 1e301, 10**400],
    )
    def test_a_cell_of_another_type_is_no_amount(self, typed: object) -> None:
        assert read_quantity(typed, UNITS) is None

    @pytest.mark.parametrize("typed", [12, 12.5, -3, 0, 1e300])
    def test_a_number_is_itself(self, typed: float) -> None:
        assert read_quantity(typed, UNITS) == Reading(float(typed))

    def test_without_the_unit_in_the_table_the_scale_multiplies(self) -> None:
        assert read_quantity("1.2亿元", UnitTable()) == Reading(120000000.0, unit="元", text="1.2亿元")

    def test_a_known_w_is_a_unit_and_not_ten_thousand(self) -> None:
        watts = UnitTable([Unit("W", "power")])
        assert read_quantity("50w", watts) == Reading(50.0, unit="W", text="50w")

    @given(st.text())
    def test_never_raises(self, text: str) -> None:
        read_quantity(text, UNITS)
        read_percent(text)

    @given(st.text(alphabet="0123456789.,-~+()%¥约至元万亿千百十三五两〇点分之 家eE≥多", max_size=14))
    def test_never_raises_on_what_looks_like_an_amount(self, text: str) -> None:
        reading = read_quantity(text, UNITS)
        if reading is not None and reading.high is not None:
            assert isinstance(reading.value, float)
            assert reading.value <= reading.high

    @given(
        st.decimals(0, 10**10, places=2).map(float),
        st.sampled_from(
            ["{:,.2f}", "{:.2f}", "+{:,.2f}", "{:.2f}家", "≥{:,.2f}分", "¥{:,.2f}", "{:.2f} 元", "{!r}"]
        ),
        st.booleans(),
    )
    def test_a_formatted_number_reads_back(self, number: float, style: str, wide: bool) -> None:
        typed = style.format(number)
        if wide:
            typed = typed.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
        reading = read_quantity(typed, UNITS)
        assert reading is not None
        assert (reading.value, reading.ambiguous) == (number, False)

    @given(st.decimals("0.01", 10**10, places=2).map(float))
    def test_brackets_read_back_as_a_minus(self, number: float) -> None:
        for typed in (f"({number:,.2f})", f"−{number:,.2f}", f"负{number:.2f}"):
            reading = read_quantity(typed, UNITS)
            assert reading is not None
            assert reading.value == -number

    @given(st.integers(-(10**9), 10**9), st.sampled_from([("万", 4), ("亿", 8), ("百万", 6)]))
    def test_a_scaled_number_reads_back_exactly(self, number: int, scale: tuple[str, int]) -> None:
        word, zeros = scale
        reading = read_quantity(f"{number / 100:.2f}{word}", UNITS)
        assert reading is not None
        assert reading.value == number * 10 ** (zeros - 2)


class TestNumerals:
    @pytest.mark.parametrize(
        ("typed", "value"),
        [
            ("零", 0), ("二", 2), ("两", 2), ("十", 10), ("十二", 12), ("二十", 20), ("二十五", 25),
            ("一百", 100),
            ("一百零五", 105), ("一百二", 120), ("一百二十", 120), ("一百十二", 112), ("两千", 2000),
            ("两千三", 2300),
            ("一千零五十", 1050), ("三万五", 35000), ("三万零五", 30005), ("三万五千", 35000),
            ("十二万五千", 125000),
            ("十二亿", 1200000000), ("三亿五千万", 350000000), ("两万亿", 2 * 10**12), ("二〇二四", 2024),
            ("壹佰贰拾叁", 123), ("一五〇", 150),
        ],
    )  # fmt: skip
    def test_reads(self, typed: str, value: int) -> None:
        assert read_numeral(typed) == value

    def test_reads_decimals(self) -> None:
        assert str(read_numeral("三点一四")) == "3.14"
        assert str(read_numeral("十二点〇五")) == "12.05"

    @pytest.mark.parametrize(
        "typed", ["", "两三", "七八", "二二", "百", "万", "十百", "一百千", "三万五万", "点五", "零百"]
    )
    def test_does_not_guess(self, typed: str) -> None:
        assert read_numeral(typed) is None

    @given(st.integers(1, 10**8 - 1))
    def test_numerals_written_in_full_read_back(self, number: int) -> None:
        assert read_numeral(_in_numerals(number)) == number


def _in_numerals(number: int) -> str:
    """The number as a Chinese cheque would have it, up to 亿."""
    if number >= 10_000:
        head, tail = divmod(number, 10_000)
        link = "零" if 0 < tail < 1000 else ""
        return _in_numerals(head) + "万" + link + (_in_numerals(tail) if tail else "")
    text, zero = "", False
    for scale, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, scale)
        if digit:
            text += ("零" if zero and text else "") + "零一二三四五六七八九"[digit] + word
            zero = False
        else:
            zero = True
    return text


class TestPercent:
    @pytest.mark.parametrize(
        ("typed", "value"),
        [
            ("80%", 0.8), ("80％", 0.8), ("80 %", 0.8), ("0.8", 0.8), ("80", 80.0), ("15.5%", 0.155),
            ("7%", 0.07),
            ("120%", 1.2), ("-5%", -0.05), ("八成", 0.8), ("8成", 0.8), ("八成五", 0.85), ("八成半", 0.85),
            ("十成", 1.0), ("百分之八十", 0.8), ("5‰", 0.005), ("已完成", 1.0), ("完成", 1.0), ("Done", 1.0),
            ("未开始", 0.0), ("一半", 0.5), ("已完成80%", 0.8), ("≥80%", 0.8), ("0", 0.0),
        ],
    )  # fmt: skip
    def test_reads_fractions(self, typed: str, value: float) -> None:
        assert read_percent(typed) == Reading(value, text=typed)

    def test_a_vague_percentage_is_vague(self) -> None:
        assert read_percent("约80%") == Reading(0.8, text="约80%", ambiguous=True)
        assert read_percent("80-90%") == Reading(0.8, high=0.9, text="80-90%", ambiguous=True)

    @pytest.mark.parametrize("typed", [0.8, 80, 0, 1])
    def test_a_number_is_taken_as_it_stands(self, typed: float) -> None:
        assert read_percent(typed) == Reading(float(typed))

    @pytest.mark.parametrize("typed", ["50分", "未完成", "大部分", True, date(2024, 1, 1)])
    def test_what_is_no_percentage(self, typed: object) -> None:
        assert read_percent(typed) is None


def finish_of(typed: object, *, year: int = 2024, start_month: int = 1) -> Reading | None:
    return read_date(typed, year=year, start_month=start_month)


DATES = [
    ("2024年6月30日", (6, 30)), ("2024 年 6 月 30 日", (6, 30)), ("2024年6月30号", (6, 30)),
    ("2024/6/30", (6, 30)),
    ("2024.6.30", (6, 30)), ("2024-06-30", (6, 30)), ("2024. 6. 30", (6, 30)), ("20240630", (6, 30)),
    ("２０２４年６月３０日", (6, 30)), ("2024-06-30 00:00:00", (6, 30)), ("2024/6/30 18:05", (6, 30)),
    ("2024-06-30T08:00:00Z", (6, 30)), ("2024-06-30T08:00:00.000+08:00", (6, 30)),
    ("2024年6月30日 12:00", (6, 30)),
    ("2024年6月30日 星期日", (6, 30)), ("2024-06-30(周日)", (6, 30)), ("二〇二四年六月三十日", (6, 30)),
    ("2024年6月30日前", (6, 30)), ("截止2024年6月30日", (6, 30)), ("2024-06-30.", (6, 30)),
    ("2024-06", (6, 30)), ("2024/6", (6, 30)), ("2024.2", (2, 29)), ("2024年6月", (6, 30)),
    ("202406", (6, 30)),
    ("6月30日", (6, 30)), ("六月三十日", (6, 30)), ("6月", (6, 30)), ("6月份", (6, 30)),
    ("24年6月30日", (6, 30)),
    ("30/6/2024", (6, 30)), ("6/30/2024", (6, 30)), ("6/6/2024", (6, 6)),
    ("30 June 2024", (6, 30)), ("Jun 30, 2024", (6, 30)), ("30-Jun-24", (6, 30)), ("June 30th 2024", (6, 30)),
    ("Jun 2024", (6, 30)), ("June", (6, 30)), ("Sept 5", (9, 5)),
    ("2024Q2", (6, 30)), ("Q2", (6, 30)), ("q2 2024", (6, 30)), ("Q2末", (6, 30)), ("第二季度", (6, 30)),
    ("二季度", (6, 30)), ("2季度", (6, 30)), ("2024年第三季度", (9, 30)), ("二季度末", (6, 30)),
    ("前三季度", (9, 30)),
    ("上半年", (6, 30)), ("下半年", (12, 31)), ("2024年上半年", (6, 30)), ("H1", (6, 30)),
    ("年底", (12, 31)), ("年末", (12, 31)), ("2024年底", (12, 31)), ("24年底", (12, 31)), ("年初", (1, 1)),
    ("年度末", (12, 31)),
    ("全年", (12, 31)), ("2024年", (12, 31)), ("2024年度", (12, 31)), ("FY2024", (12, 31)),
    ("6月底", (6, 30)), ("6月末", (6, 30)), ("6月初", (6, 1)), ("2024年6月底", (6, 30)), ("45473", (6, 30)),
]  # fmt: skip

VAGUE_DATES = [
    ("6/7/2024", (6, 7)), ("6/30", (6, 30)), ("30/6", (6, 30)), ("6.30", (6, 30)), ("24/6/30", (6, 30)),
    ("6/30/24", (6, 30)), ("12/11/24", (12, 11)), ("6月上旬", (6, 10)), ("6月中旬", (6, 15)),
    ("6月下旬", (6, 30)),
    ("年中", (6, 30)), ("约6月30日", (6, 30)), ("预计6月底", (6, 30)), ("今年底", (12, 31)),
    ("6月前", (6, 30)),
    ("2024", (12, 31)), ("2024年1-6月", (6, 30)), ("截止6月", (6, 30)), ("12/5", (12, 5)),
]  # fmt: skip


class TestDate:
    @pytest.mark.parametrize(("typed", "day"), DATES)
    def test_reads_what_planners_type(self, typed: str, day: tuple[int, int]) -> None:
        assert finish_of(typed) == Reading(date(2024, *day), text=typed)

    @pytest.mark.parametrize(("typed", "day"), VAGUE_DATES)
    def test_what_has_two_readings_says_so(self, typed: str, day: tuple[int, int]) -> None:
        assert finish_of(typed) == Reading(date(2024, *day), text=typed, ambiguous=True)

    @pytest.mark.parametrize(
        "typed",
        [
            "2024-02-30", "2023年2月29日", "13月1日", "2024-13-01", "2024-00-10", "6月31日", "31/6/2024",
            "2/30",
            "abc", "待定", "21日", "月底", "15:30", "Q5", "2024年6月-2024年1月", "①月", "2024年上旬",
            "1" * 61,
        ],
    )  # fmt: skip
    def test_days_that_do_not_exist_are_not_guessed(self, typed: str) -> None:
        assert finish_of(typed) is None

    def test_a_date_is_itself_and_loses_its_time(self) -> None:
        assert finish_of(date(2024, 6, 30)) == Reading(date(2024, 6, 30))
        reading = finish_of(datetime(2024, 6, 30, 12))
        assert reading == Reading(date(2024, 6, 30))
        assert reading is not None
        assert not isinstance(reading.value, datetime)

    @pytest.mark.parametrize(
        ("serial", "day", "text"),
        [
            (45473, date(2024, 6, 30), "45473"),
            (45473.75, date(2024, 6, 30), "45473.75"),
            (59, date(1900, 2, 28), "59"),
            (61, date(1900, 3, 1), "61"),
            (2958465, date(9999, 12, 31), "2958465"),
        ],
    )
    def test_a_number_is_a_serial_and_a_reading(self, serial: float, day: date, text: str) -> None:
        assert finish_of(serial) == Reading(day, text=text)

    @pytest.mark.parametrize("serial", [0, -1, 60, 0.5, 2958466, float("nan"), float("inf"), True])
    def test_what_is_no_serial(self, serial: float) -> None:
        assert finish_of(serial) is None

    @pytest.mark.parametrize(
        ("number", "day", "vague"),
        [
            (2024.6, date(2024, 6, 30), True),
            (2024, date(2024, 12, 31), True),
            (2023.11, date(2023, 11, 30), True),
            (202406, date(2024, 6, 30), True),
            (20240630, date(2024, 6, 30), False),
        ],
    )
    def test_a_month_that_excel_took_for_a_number(self, number: float, day: date, vague: bool) -> None:
        assert finish_of(number) == Reading(day, text=str(number), ambiguous=vague)

    def test_a_number_far_from_the_plan_is_a_serial(self) -> None:
        assert finish_of(2024, year=2030) == Reading(date(1905, 7, 16), text="2024")
        assert finish_of(2024.13) is None

    @pytest.mark.parametrize(
        ("typed", "start"),
        [
            ("2024年6月", (6, 1)),
            ("Q2", (4, 1)),
            ("下半年", (7, 1)),
            ("全年", (1, 1)),
            ("6月30日", (6, 30)),
            ("6月底", (6, 30)),
        ],
    )
    def test_a_start_takes_the_first_day_of_a_period(self, typed: str, start: tuple[int, int]) -> None:
        assert read_date(typed, year=2024, edge="start") == Reading(date(2024, *start), text=typed)

    @pytest.mark.parametrize(
        ("typed", "day"),
        [
            ("Q1", date(2023, 6, 30)),
            ("2023Q4", date(2024, 3, 31)),
            ("上半年", date(2023, 9, 30)),
            ("4月1日", date(2023, 4, 1)),
            ("3月31日", date(2024, 3, 31)),
            ("2月", date(2024, 2, 29)),
            ("全年", date(2024, 3, 31)),
            ("2024年6月", date(2024, 6, 30)),
        ],
    )
    def test_a_planning_year_from_april(self, typed: str, day: date) -> None:
        assert finish_of(typed, year=2023, start_month=4) == Reading(day, text=typed)

    def test_the_end_of_a_year_that_ends_in_march_is_vague(self) -> None:
        assert finish_of("年底", year=2023, start_month=4) == Reading(
            date(2024, 3, 31), text="年底", ambiguous=True
        )

    def test_the_nearest_year_wins_among_two_digit_years(self) -> None:
        assert finish_of("11/12/13", year=2011) == Reading(
            date(2011, 12, 13), text="11/12/13", ambiguous=True
        )
        assert finish_of("11/12/13", year=2013) == Reading(
            date(2013, 11, 12), text="11/12/13", ambiguous=True
        )

    @given(
        st.dates(date(1950, 1, 1), date(2199, 12, 31)),
        st.sampled_from(
            ["{0.year}年{0.month}月{0.day}日", "{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0.year}.{0.month}.{0.day}",
            "{0:%Y%m%d}",
             "{0:%Y-%m-%d %H:%M:%S}", "{0:%d %B %Y}", "{0:%b %d, %Y}", "{0.year}年{0.month}月{0.day}号"]
        ),
    )  # fmt: skip
    def test_a_date_in_every_style_reads_back(self, day: date, style: str) -> None:
        reading = finish_of(style.format(datetime(day.year, day.month, day.day)))
        assert reading is not None
        assert (reading.value, reading.ambiguous, reading.from_text) == (day, False, True)

    @given(st.text(), st.integers(1, 12))
    def test_never_raises(self, text: str, start_month: int) -> None:
        read_date(text, year=2024, start_month=start_month)
        read_span(text, year=2024, start_month=start_month)

    @given(
        st.text(alphabet="0123456789年月日季度上下半初末中旬底至-~/. Qh全一二三十次", max_size=16),
        st.integers(1, 12),
    )
    def test_a_span_never_ends_before_it_starts(self, text: str, start_month: int) -> None:
        reading = read_span(text, year=2024, start_month=start_month)
        if reading is not None and isinstance(reading.value, Span):
            assert reading.value.start <= reading.value.finish
        read_date(text, year=2024, start_month=start_month)

    @given(st.floats(allow_nan=True, allow_infinity=True))
    def test_never_raises_on_a_number(self, number: float) -> None:
        finish_of(number)
        read_percent(number)


SPANS = [
    ("2024年1-6月", (1, 1), (6, 30)), ("2024年3-9月", (3, 1), (9, 30)), ("2024年7-12月", (7, 1), (12, 31)),
    ("2024年3月-9月", (3, 1), (9, 30)), ("2024年1月至2024年6月", (1, 1), (6, 30)), ("2024.1-2024.6", (1, 1),
    (6, 30)),
    ("2024.1-6", (1, 1), (6, 30)), ("1-6月", (1, 1), (6, 30)), ("1～6月", (1, 1), (6, 30)),
    ("一月至六月", (1, 1), (6, 30)),
    ("2024-01-03 至 2024-06-30", (1, 3), (6, 30)), ("2024-01-03 - 2024-06-30", (1, 3), (6, 30)),
    ("2024-01-03-2024-06-30", (1, 3), (6, 30)), ("2024/1/3-2024/6/30", (1, 3), (6, 30)),
    ("2024/1/3-6/30", (1, 3), (6, 30)), ("2024.1.3~2024.6.30", (1, 3), (6, 30)), ("2024.1.3-6", (1, 3),
    (1, 6)),
    ("2024年1月3日-6月30日", (1, 3), (6, 30)), ("2024年7月—12月", (7, 1), (12, 31)),
    ("2024-1-2024-6", (1, 1), (6, 30)),
    ("6月1-15日", (6, 1), (6, 15)), ("6月1日-15日", (6, 1), (6, 15)), ("20240103-20240630", (1, 3), (6, 30)),
    ("2024Q1-Q2", (1, 1), (6, 30)), ("Q1-Q3", (1, 1), (9, 30)), ("一季度至三季度", (1, 1), (9, 30)),
    ("1-2季度", (1, 1), (6, 30)), ("上半年", (1, 1), (6, 30)), ("下半年", (7, 1), (12, 31)), ("Q2", (4, 1),
    (6, 30)),
    ("2024年6月", (6, 1), (6, 30)), ("2024年", (1, 1), (12, 31)), ("全年", (1, 1), (12, 31)),
    ("前三季度", (1, 1), (9, 30)), ("3月初至9月底", (3, 1), (9, 30)), ("从3月到9月", (3, 1), (9, 30)),
    ("Jan-Jun 2024", (1, 1), (6, 30)), ("Jan 3 - Jun 30, 2024", (1, 3), (6, 30)), ("2024-06-30", (6, 30),
    (6, 30)),
]  # fmt: skip


class TestSpan:
    @pytest.mark.parametrize(("typed", "start", "finish"), SPANS)
    def test_reads_what_planners_type(
        self, typed: str, start: tuple[int, int], finish: tuple[int, int]
    ) -> None:
        span = Span(date(2024, *start), date(2024, *finish))
        assert read_span(typed, year=2024) == Reading(span, text=typed)

    @pytest.mark.parametrize(
        "typed", ["2024年6月-2024年1月", "6-1月", "2024年9月-3月", "2024/6/30-1/3", "x", "3月至", "至少三月"]
    )
    def test_a_reversed_span_is_not_turned_round(self, typed: str) -> None:
        assert read_span(typed, year=2024) is None

    def test_the_year_written_beats_the_year_of_the_plan(self) -> None:
        span = Span(date(2025, 1, 1), date(2025, 6, 30))
        assert read_span("2025年1-6月", year=2024) == Reading(span, text="2025年1-6月")

    @pytest.mark.parametrize("typed", ["2024年11月-2025年2月", "2024年11月-次年2月"])
    def test_a_span_may_cross_the_year(self, typed: str) -> None:
        span = Span(date(2024, 11, 1), date(2025, 2, 28))
        assert read_span(typed, year=2024) == Reading(span, text=typed)

    @pytest.mark.parametrize("typed", ["11月-2月", "2024年11月-2月"])
    def test_months_before_the_start_month_fall_in_the_next_year(self, typed: str) -> None:
        span = Span(date(2024, 11, 1), date(2025, 2, 28))
        assert read_span(typed, year=2024, start_month=4) == Reading(span, text=typed)

    def test_a_day_is_a_span_of_one_day(self) -> None:
        day = date(2024, 6, 30)
        assert read_span(datetime(2024, 6, 30, 9), year=2024) == Reading(Span(day, day))
        assert read_span(45473, year=2024) == Reading(Span(day, day), text="45473")

    def test_a_vague_end_makes_a_vague_span(self) -> None:
        span = Span(date(2024, 1, 1), date(2024, 6, 15))
        assert read_span("1月至6月中旬", year=2024) == Reading(span, text="1月至6月中旬", ambiguous=True)

    @given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 500), st.sampled_from("至到~-—"))
    def test_two_dates_read_back(self, start: date, days: int, separator: str) -> None:
        finish = start + timedelta(days=days)
        for style in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"):
            reading = read_span(f"{start:{style}}{separator}{finish:{style}}", year=2024)
            assert reading is not None
            assert reading.value == Span(start, finish)


class TestFlag:
    @pytest.mark.parametrize(
        "typed", ["是", "完成", "已完成", "YES", "y", "Done", "true", "1", "√", "✓", True, 1, 1.0]
    )
    def test_yes(self, typed: object) -> None:
        assert read_flag(typed) is True

    @pytest.mark.parametrize("typed", ["否", "未完成", "no", "N", "FALSE", "0", "×", "✗", False, 0, 0.0])
    def test_no(self, typed: object) -> None:
        assert read_flag(typed) is False

    @pytest.mark.parametrize("typed", [None, "", "无", "可能", 2, 0.5, float("nan"), date(2024, 1, 1)])
    def test_neither(self, typed: object) -> None:
        assert read_flag(typed) is None


@pytest.mark.parametrize(
    ("text", "value", "vague"),
    [("三成", 30.0, False), ("五成半", 55.0, False), ("0.5成", 5.0, False), ("一半", 50.0, True)],
)
def test_a_share_in_words_is_an_amount_in_percent(text: str, value: float, vague: bool) -> None:
    assert read_quantity(text, UNITS) == Reading(value, unit="%", text=text, ambiguous=vague)


@pytest.mark.parametrize(
    "text", ["半", "半数", "半年", "一年半", "1年半", "一个半月", "1O", "5l", "1/2", "½", "±5", "①"]
)
def test_half_of_something_and_letters_like_digits_are_no_units(text: str) -> None:
    assert read_quantity(text, UNITS) is None


@pytest.mark.parametrize(
    ("text", "value", "unit", "vague"),
    [("5亿元人民币", 5.0, "亿元", False), ("1500W元", 1500.0, "万元", True), ("5k元", 5000.0, "元", True),
     ("80%完成", 80.0, "%", False), ("100％ 已完成", 100.0, "%", False)],
)  # fmt: skip
def test_units_written_with_more_words_are_still_units(
    text: str, value: float, unit: str, vague: bool
) -> None:
    reading = read_quantity(text, UNITS)
    assert reading is not None
    assert UNITS.convert(reading.value, reading.unit, unit) == value
    assert reading.ambiguous is vague


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("521万", "万"), ("1.2亿", "亿"), ("521万元", ""), ("521", ""), ("十五万", "万"), ("三百万", "万"),
        ("1亿2000万", "亿"), ("1万2千", "万"), ("约二十万", "万"), ("二十多万", "万"), ("十五亿", "亿"),
        ("一点二亿", "亿"), ("三万五", "万"), ("三万到五万", "万"), ("3千", "千"), ("三千", "千"),
        ("三千五百", "千"), ("一百二十", ""), ("十五万元", ""),
    ],
)  # fmt: skip
def test_a_scale_without_a_unit_is_said(text: str, scale: str) -> None:
    reading = read_quantity(text, UNITS)
    assert reading is not None
    assert reading.scale == scale


@given(st.integers(1, 10**8 - 1))
def test_all_spellings_of_an_amount_are_one_amount(number: int) -> None:
    """In words and in parts it is what the digits with 万 say, and counts the same unit."""
    wanted = number * 10**4
    high, low = divmod(number, 10_000)
    spellings = [f"{number}万", f"{number / 10_000:.4f}亿", _in_numerals(number) + "万"]
    if number < 10_000:
        spellings += [f"{_in_numerals(number)}万整", f"{number}.0万"]
    elif low:
        spellings.append(f"{high}亿{low}万")
    for text in spellings:
        for typed, unit in ((text, ""), (f"{text.removesuffix('整')}元", "元")):
            reading = read_quantity(typed, UNITS)
            if reading is None:  # 三千万万 is no numeral
                assert "万" in _in_numerals(number)
                continue
            assert isinstance(reading.value, float)
            assert bool(unit) == bool(reading.unit)
            assert bool(unit) != bool(set(reading.scale) & set("万亿"))
            assert UNITS.convert(reading.value, reading.unit or "元", "元") == pytest.approx(wanted)

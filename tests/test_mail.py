"""The week's mail: what it says, what it is made of, and how a real server takes it."""

from __future__ import annotations

import random
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from planbook.company import Company, Department
from planbook.mail import (
    Delivery,
    MailSettings,
    Posting,
    Recipient,
    compose_message,
    send_messages,
    write_eml,
)
from planbook.mail.compose import MAIL_POLICY
from planbook.measures import RollUp, frames
from planbook.problems import MailError
from planbook.spec import load_spec

SENT = datetime(2024, 7, 3, 8, tzinfo=UTC)
BOSS = Recipient("boss@example.com", name="王总", detail="tasks")
WORKBOOK = b"PK\x03\x04" + bytes(range(256)) * 8
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a hostile planner types: markup, a header, what a terminal obeys, a turned line, braces.
HOSTILE = "<script>alert(1)</script>\r\nBcc: all@example.com\x00\x1b[31m =1+1 {x} %s \u202eevil & \"'"
COMPANY = Company(
    (
        Department("YX", "营销中心"),
        Department("XS", "华北销售部", "YX"),
        Department("KH", "客户部", "YX"),
        Department("SC", "生产部"),
    )
)
Records = Sequence[Mapping[str, Any]]


# -- a roll-up, written inline -------------------------------------------------------------


def frame(columns: Sequence[str], records: Records) -> pd.DataFrame:
    rows = [[record.get(column) for column in columns] for record in records]
    return pd.DataFrame(rows, columns=list(columns), dtype=object)


def goal(department: str, name: str, rating: str, **more: object) -> dict[str, object]:
    return {
        "department": department, "department_name": COMPANY.department(department).name, "goal": name,
        "metric": name, "direction": "higher", "rating": rating, **more,
    }  # fmt: skip


def usual_goals(text: str = "") -> list[dict[str, object]]:
    return [
        goal("XS", text or "营收总额", "red", unit="万元", target=3100.0, actual=2725.5, deviation=-374.5,
             deviation_rate=-0.1208, favourable="bad", attainment=0.8792, driver=text or "招标延期；区域经理空缺"),
        goal("XS", text or "新客户签约量", "green", unit="家", target=16.0, actual=18.0, deviation=2.0,
             deviation_rate=0.125, favourable="good", attainment=1.125),
        goal("KH", text or "净利润", "red", unit="万元", target=-1000.0, actual=-1234567.5, deviation=-1233567.5,
             deviation_rate=-1.2, favourable="bad", attainment=0.0),
        goal("KH", text or "费用率", "amber", unit="%", direction="band", target=80.0, target_high=90.0,
             actual=95.0, deviation=5.0, deviation_rate=0.0588, favourable="bad", attainment=0.94),
        goal("KH", text or "投诉量", "amber", target=float("nan"), deviation_rate=float("nan")),
    ]  # fmt: skip


def usual_tasks(text: str = "") -> list[dict[str, object]]:
    late = {"department": "XS", "department_name": "华北销售部", "stale": "no", "owner": text or "李*"}
    return [
        {**late, "task": text or "客户拜访", "finish": date(2024, 6, 30), "percent": 0.6, "status": "overdue",
         "schedule_deviation": -0.4, "risk": text or "决策链延迟"},
        {**late, "task": text or "修订报价", "percent": 0.2, "status": "behind", "schedule_deviation": -0.3},
        {**late, "task": text or "月度例会", "percent": 0.5, "status": "on_track", "schedule_deviation": 0.0},
    ]  # fmt: skip


def receipts(text: str = "") -> list[dict[str, object]]:
    return [
        {"department": "XS", "department_name": "华北销售部", "receipt": "accepted", "file": "XS.xlsx"},
        {"department": "KH", "department_name": "客户部", "receipt": "quarantined", "file": text or "KH.xlsx",
         "reason": text or "文件已加密"},
        {"department": "SC", "department_name": "生产部", "receipt": "missing"},
    ]  # fmt: skip


def make_roll_up(
    *,
    scope: str = "",
    text: str = "",
    empty: bool = False,
    goals: Records | None = None,
    book: str = "annual_plan",
) -> RollUp:
    """A small roll-up below `scope`; `text` is every word a planner typed, `empty` is before any return."""
    inside = {d.code for d in COMPANY.below(scope)}

    def seen(records: Records) -> Records:
        return [] if empty else [r for r in records if r["department"] in inside]

    mine, tasks = seen(usual_goals(text) if goals is None else goals), seen(usual_tasks(text))
    top = {
        "code": scope, "name": COMPANY.department(scope).name if scope else None, "node": "company", "depth": 0,
        "score": None if empty else 0.9, "rating": "none" if empty else "amber", "low": 0.45, "high": 1.05,
        "covered": len({g["department"] for g in mine}), "expected": sum(not COMPANY.children(d.code) for d in COMPANY.below(scope)),
        "goals": len(mine), "missed": sum(g["rating"] in {"amber", "red"} for g in mine),
        "tasks": len(tasks), "late": sum(t["status"] in {"behind", "overdue"} for t in tasks),
    }  # fmt: skip
    return RollUp(
        load_spec(book),
        COMPANY,
        2024,
        1,
        date(2024, 7, 3),
        {},
        scope,
        frame(frames.FACTS.names, []),
        frame(frames.GOALS.names, mine),
        frame(frames.TASKS.names, tasks),
        frame(frames.SCORES.names, [top]),
        frame(frames.COMPANY_GOALS.names, []),
        frame(frames.RECEIPTS.names, seen(receipts(text))),
        (),
    )


def compose(recipient: Recipient = BOSS, roll_up: RollUp | None = None, **more: Any) -> EmailMessage:
    given: dict[str, Any] = {
        "lang": "zh", "attachment": WORKBOOK, "attachment_name": "2024-2024-W27.xlsx",
        "cycle": "2024", "week": "2024-W27", "sender": "plan@mail.example.com", "sent": SENT, "reply_to": "",
    }  # fmt: skip
    given |= more
    posting = Posting(*(given.pop(key) for key in ("cycle", "week", "sender", "sent", "reply_to")))
    figures = roll_up or make_roll_up(scope=recipient.scope)
    return compose_message(figures, recipient, posting, **given)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


class Rows(HTMLParser):
    """The cells of every data row, and every tag and attribute seen."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
            self._inside = False
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def read_html(message: EmailMessage) -> Rows:
    parser = Rows()
    parser.feed(body(message, "html"))
    return parser


# -- what it says --------------------------------------------------------------------------


def test_structure() -> None:
    raw = compose(reply_to="help@example.com").as_bytes()
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.get_content_type() == "multipart/mixed"
    text, workbook = message.iter_parts()
    assert text.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in text.iter_parts()] == ["text/plain", "text/html"]
    assert workbook.get_content_type() == XLSX
    assert workbook.get_filename() == "2024-2024-W27.xlsx"
    assert workbook.get_payload(decode=True) == WORKBOOK
    assert message["Auto-Submitted"] == "auto-generated"
    assert (message["From"], message["To"]) == ("plan@mail.example.com", "boss@example.com")
    assert message["Reply-To"] == "help@example.com"
    assert message["Date"].datetime == SENT
    assert message["Message-ID"].endswith("@mail.example.com>")
    assert "Reply-To" not in compose()
    assert max(map(len, raw.splitlines())) <= 998 and raw.isascii()


def test_chinese() -> None:
    text = body(compose(), "plain")
    assert text.startswith("王总，您好：\n\n截至 2024-07-03 的计划执行情况如下。\n")
    assert "综合得分: 90.0%\n达成目标: 1/5\n滞后或逾期任务: 2/3\n已覆盖部门: 2/3\n" in text
    profit = "客户部 | 净利润（万元） | (1,000) | (1,234,567.50) | (1,233,567.50) | (120.0%) | ◆ 未达 | —"
    assert profit in text.splitlines()
    assert "客户部 | 费用率（%） | 80～90 | 95 | 5 | 5.9% | ▲ 预警 | —" in text.splitlines()
    assert "客户部 | 投诉量 | — | — | — | — | ▲ 预警 | —" in text.splitlines()
    assert "新客户签约量" not in text, "met"
    assert text.index("净利润（") < text.index("营收总额（") < text.index("费用率（"), "worst first"
    assert (
        "华北销售部 | 客户拜访 | 李* | 2024-06-30 | 60.0% | (40.0%) | ◆ 逾期 | 决策链延迟"
        in text.splitlines()
    )
    assert "月度例会" not in text
    assert "客户部 | ◆ 已隔离 | KH.xlsx | 文件已加密" in text.splitlines()
    assert "生产部 | ◆ 未提交 | — | —" in text.splitlines()
    assert "XS.xlsx" not in text
    assert "2024-2024-W27.xlsx" in text


def test_english() -> None:
    message = compose(Recipient("boss@example.com"), lang="en")
    assert message["Subject"] == "2024 plan, 2024-W27, variance report: Company"
    text = body(message, "plain")
    assert text.startswith("Hello,\n\nThis is how the plan stands as of 2024-07-03.\n")
    assert "Score: 90.0%\nGoals met: 1/5\nLate tasks: 2/3\nDepartments in: 2/3\n" in text
    assert "◆ Missed" in text and "80 to 90" in text
    assert "客户拜访" not in text, "detail is goals"
    assert '<html lang="en">' in body(message, "html")


def test_html_shows_the_same_rows() -> None:
    message = compose()
    plain = [line.split(" | ") for line in body(message, "plain").splitlines() if " | " in line]
    page = read_html(message)
    assert [row for row in page.rows if len(row) >= 4 and "综合得分" not in row[0]] == plain
    figures = next(row for row in page.rows if row and row[0].startswith("综合得分"))
    assert len(plain) == 4 + 1 + 2 + 1 + 2 + 1
    assert figures == ["综合得分90.0%", "达成目标1/5", "滞后或逾期任务2/3", "已覆盖部门2/3"]


def test_html_needs_nothing_from_outside() -> None:
    page, source = read_html(compose()), body(compose(), "html")
    assert not page.tags & {"style", "script", "img", "link", "a", "form", "iframe"}
    assert not [pair for pair in page.attributes if pair[0] in {"src", "href", "background", "class"}]
    assert "url(" not in source and "http" not in source
    assert "<!--[if mso]><table" in source and 'width="760"' in source
    assert "background-color:#F9DAD2;color:#9A2A12" in source, "missed goals are marked by colour too"


def test_nothing_returned_yet() -> None:
    text = body(compose(roll_up=make_roll_up(empty=True)), "plain")
    assert "综合得分: —\n达成目标: —\n滞后或逾期任务: —\n已覆盖部门: 0/3\n" in text
    assert text.count("（无）") == 3
    assert "nan" not in text.casefold() and "None" not in text


def test_ten_worst_goals() -> None:
    goals = [
        goal("XS", f"目标{n:02d}", "red", deviation_rate=-n / 100, favourable="bad", attainment=1 - n / 100)
        for n in range(1, 14)
    ]
    text = body(compose(roll_up=make_roll_up(goals=goals)), "plain")
    shown = [line.split(" | ")[1] for line in text.splitlines() if "目标" in line and " | (" in line]
    assert [line for line in shown if line in text][:2] == ["目标13", "目标12"] and "目标03" not in shown
    assert len(shown) == 10
    assert "另有 3 行，见附件。" in text


def test_a_scope_sees_its_own() -> None:
    message = compose(Recipient("xs@example.com", scope="XS", detail="tasks"))
    assert message["Subject"] == "2024 年度计划 2024-W27 偏差通报：华北销售部"
    assert "客户部" not in body(message, "plain") + body(message, "html")
    with pytest.raises(MailError, match='may see "XS"'):
        compose(Recipient("xs@example.com", scope="XS"), make_roll_up())


def test_classic_book() -> None:
    assert "[预警或未达的目标]" in body(compose(roll_up=make_roll_up(book="classic")), "plain")


def test_hostile_text() -> None:
    recipient = Recipient("boss@example.com", name=HOSTILE, detail="tasks")
    message = compose(
        recipient,
        make_roll_up(text=HOSTILE),
        week="W27\r\nBcc: a@b.c",
        attachment_name="a\r\nX: y/../\x00.xlsx",
    )
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert "Bcc" not in parsed and "X" not in parsed
    assert len(parsed.get_all("To", [])) == 1
    for kind in ("plain", "html"):
        text = body(parsed, kind)
        assert not {char for char in text if ord(char) < 32} - {"\n"}
        assert "\u202e" not in text and "\x7f" not in text
    assert "<script" not in body(parsed, "html") and "&lt;script&gt;" in body(parsed, "html")
    plain = [line.split(" | ") for line in body(parsed, "plain").splitlines() if " | " in line]
    assert [row for row in read_html(parsed).rows if len(row) >= 4 and "综合得分" not in row[0]] == plain


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b@c",
        "a@b.com, c@d.com",
        "A <a@b.com>",
        "a@b.com\r\nBcc: c@d.com",
        "a@b.com\n",
        "张@b.com",
    ],
)
def test_what_is_no_address(address: str) -> None:
    for given in ({"recipient": Recipient(address)}, {"sender": address}, {"reply_to": address or "-"}):
        with pytest.raises(MailError, match="no single e-mail address"):
            compose(**given)  # type: ignore[arg-type]


def test_subjects_come_back_as_they_were() -> None:
    draw = random.Random(1)
    letters = '年度计划偏差通报：华北销售部（）— é ABC xyz 0123 ,.;:?=_-"<>@ 😀'
    for _ in range(2000):
        subject = " ".join("".join(draw.choice(letters) for _ in range(draw.randint(1, 120))).split())
        message = EmailMessage(policy=MAIL_POLICY)
        message["Subject"] = subject
        raw = message.as_bytes()
        assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject
        assert max(map(len, raw.split(b"\r\n"))) <= 78 and raw.isascii()


def test_same_input_same_bytes() -> None:
    first = compose()
    assert compose().as_bytes() == first.as_bytes()
    others = [
        compose(attachment=WORKBOOK + b"1"),
        compose(week="2024-W28"),
        compose(cycle="2025"),
        compose(lang="en"),
        compose(replace(BOSS, address="other@example.com")),
        compose(replace(BOSS, detail="goals")),
    ]
    assert len({message["Message-ID"] for message in (first, *others)}) == 7


def test_too_large() -> None:
    assert compose(attachment=bytes(7 * 1024 * 1024))
    with pytest.raises(MailError, match=r"boss@example\.com is 1\d\.\d MB"):
        compose(attachment=bytes(8 * 1024 * 1024))


def test_write_eml(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "mail"
    message = compose(attachment_name="2024-2024-W27-华北:销售部.xlsx")
    path = write_eml(message, folder)
    assert path == write_eml(message, folder)
    assert path.name.startswith("2024-2024-W27-华北_销售部-boss@example.com-") and path.suffix == ".eml"
    raw = path.read_bytes()
    assert raw == message.as_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    parsed = message_from_bytes(raw, policy=policy.default)
    assert parsed["Subject"] == message["Subject"] == "2024 年度计划 2024-W27 偏差通报：公司"
    assert isinstance(parsed, EmailMessage)
    assert body(parsed, "plain") == body(message, "plain")
    others = [compose(lang="en"), compose(replace(BOSS, detail="goals")), compose()]
    assert len({write_eml(other, folder) for other in [*others, message]}) == 4


# -- a real server -------------------------------------------------------------------------

USER, PASSWORD = "plan", "s3cret-Pa55"


class Inbox:
    """A server's memory; refuses one recipient, and repeats in refusals what it was told."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("gone@"):
            return f"550 no such user; you said {PASSWORD}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"


def check_password(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed: no certificate for the test server")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key),
         "-out", str(cert), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return cert, key


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(certificate: tuple[Path, Path] | None, **more: Any) -> Iterator[tuple[Inbox, MailSettings]]:
    inbox = Inbox()
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificate)
        more |= {"tls_context": tls, "authenticator": check_password, "auth_required": True}
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    try:
        yield inbox, MailSettings("127.0.0.1", controller.port, user=USER if certificate else "")
    finally:
        controller.stop()


def trust(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


def test_sending(certificate: tuple[Path, Path]) -> None:
    people = [BOSS, Recipient("gone@example.com"), Recipient("last@example.com")]
    messages = [compose(person) for person in people]
    with serving(certificate) as (inbox, settings):
        results = send_messages(messages, settings, PASSWORD, context=trust(certificate))
    assert results[0] == Delivery("boss@example.com", True)
    assert results[1] == Delivery("gone@example.com", False, "550 no such user; you said ***")
    assert results[2] == Delivery("last@example.com", True)
    assert [(sender, to) for sender, to, _ in inbox.taken] == [
        ("plan@mail.example.com", ["boss@example.com"]),
        ("plan@mail.example.com", ["last@example.com"]),
    ]
    assert inbox.taken[0][2] == messages[0].as_bytes(policy=MAIL_POLICY), "what arrives is what was composed"


def refused(settings: MailSettings, password: str | None, context: ssl.SSLContext | None = None) -> str:
    with pytest.raises(MailError) as caught:
        send_messages([compose()], settings, password, context=context)
    seen: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:  # what a traceback would print
        seen.append(repr(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert not password or password not in " ".join(seen)
    return str(caught.value)


def test_wrong_password(certificate: tuple[Path, Path]) -> None:
    with serving(certificate) as (inbox, settings):
        text = refused(settings, "wr0ng-Pa55", trust(certificate))
        assert f"127.0.0.1:{settings.port}" in text and "535" in text
        assert "ASCII" in refused(settings, "密码", trust(certificate))
    assert not inbox.taken


def test_no_password() -> None:
    settings = MailSettings("127.0.0.1", 1, user=USER)
    for password in (None, ""):
        assert "PLANBOOK_SMTP_PASSWORD" in refused(settings, password)


def test_server_down() -> None:
    port = free_port()
    for security in ("starttls", "tls", "none"):
        assert f"127.0.0.1:{port}" in refused(MailSettings("127.0.0.1", port, security), None)


def test_no_starttls_is_never_plain() -> None:
    with serving(None) as (inbox, settings):
        text = refused(settings, None)
        assert f"127.0.0.1:{settings.port}" in text and "STARTTLS" in text
        assert not inbox.taken
        plain = replace(settings, security="none")
        assert send_messages([compose()], plain, None) == (Delivery("boss@example.com", True),)
        assert send_messages([], plain, None) == ()
        assert "did not let" in refused(replace(plain, user=USER), PASSWORD), "no AUTH offered"
        assert "TLS failed" in refused(replace(settings, security="tls"), None)


def test_unknown_certificate(certificate: tuple[Path, Path]) -> None:
    with serving(certificate) as (inbox, settings):
        assert "TLS failed" in refused(settings, PASSWORD)
    assert not inbox.taken


def test_tls_from_the_start(certificate: tuple[Path, Path]) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with serving(None, ssl_context=tls) as (inbox, settings):
        secure = replace(settings, security="tls")
        assert send_messages([compose()], secure, None, context=trust(certificate))[0].sent
    assert len(inbox.taken) == 1


def test_connection_lost_on_the_way() -> None:
    class Breaking(Inbox):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            await super().handle_DATA(server, session, envelope)
            return "421 going down" if len(self.taken) == 2 else "250 OK"

    controller = Controller(Breaking(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        settings = MailSettings("127.0.0.1", controller.port, "none")
        results = send_messages([compose(Recipient(f"{n}@example.com")) for n in range(4)], settings, None)
    finally:
        controller.stop()
    assert [result.sent for result in results] == [True, False, False, False]
    assert results[1].reason == "421 going down" and results[3].reason

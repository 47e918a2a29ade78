"""Text that wants to act on a terminal, hide, reorder, break a picture or be taken for markup."""

from datetime import UTC, datetime, timedelta
from typing import Any

from curator.sandbox import observation_record, score_record
from curator.sandbox.load_rows import convert
from curator.sandbox.server import SandboxServer

ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"

ESCAPES = [
    f"{ESC}[5;8;53mBLINK",
    f"{ESC}[38;2;1;2;3mCOLOUR",
    f"{ESC}[999A UP",
    f"{ESC}[999;999H FAR",
    f"{ESC}[2J CLEARED",
    f"{ESC}[3J SCROLLBACK",
    f"{ESC}[?1049l LEFT-ALTERNATE",
    f"{ESC}[?25l NO-CURSOR",
    f"{ESC}[?1000h MOUSE",
    f"{ESC}[6n REPORT",
    f"{ESC}[c ATTRIBUTES",
    f"{ESC}[21t TITLE-REPORT",
    f"{ESC}[20h NEWLINE-MODE",
    f"{ESC}[0;31;Q PRINTER",
    f"{ESC}c RESET",
    f"{ESC}7{ESC}8 SAVED",
    f"{ESC}(0 GRAPHICS",
    f"{ESC}#8 ALIGNMENT",
    f"{ESC}]0;TITLE{BEL}",
    f"{ESC}]2;TITLE{ST}",
    f"{ESC}]8;;https://evil.example{ST}LINK{ESC}]8;;{ST}",
    f"{ESC}]52;c;cHduZWQ={BEL}CLIPBOARD",
    f"{ESC}]4;1;rgb:ff/ff/ff{BEL}PALETTE",
    f"{ESC}]10;#ff0000{BEL}FOREGROUND",
    f"{ESC}]1337;File=inline=1:AAAA{BEL}IMAGE",
    f"{ESC}]777;notify;HI;THERE{BEL}",
    f"{ESC}P+q544e{ST}TERMCAP",
    f"{ESC}P$q{ST}STATUS",
    f"{ESC}_APPLICATION{ST}",
    f"{ESC}^PRIVACY{ST}",
    f"{ESC}XSTART{ST}",
    f"{ESC}",
    f"{ESC}{ESC}{ESC}[",
]
CONTROLS = [
    "\x9b31m C1-CSI",
    "\x9d0;C1-TITLE\x9c",
    "\x90C1-DCS\x9c",
    "\x85 NEXT-LINE",
    "\x84 INDEX",
    "\x00 NUL",
    "\x08\x08\x08 BACKSPACE",
    "over\rWRITTEN",
    "\x0b VERTICAL",
    "\x0c FORM-FEED",
    "\x0e SHIFT-OUT",
    "\x7f DELETE",
    "tab\there",
    f"bell{BEL}",
]
UNSEEN = [
    "\u202egnp.exe RLO",
    "\u2066isolate\u2069 LRI",
    "\u200bzero\u200cwidth\u200d",
    "\u2028line\u2029paragraph",
    "\ufeffBOM",
    "\u00adsoft\u00adhyphen",
    "\U000e0041\U000e0042 TAGS",
    "a\ufe01\ufe0f VARIATION",
    "\u3164\u115f FILLERS",
    "\u2800\u2800 BRAILLE-BLANK",
    "\u061c ARABIC-MARK",
    "z" + "\u0335\u0336\u0337" * 30 + "algo",
    "\ufff9base\ufffaruby\ufffb",
    "e\u034f JOINER",
]
MARKUP = [
    "[@click=app.quit]click[/]",
    "[bold red on white]bold[/bold red on white]",
    "[link=https://evil.example]link[/link]",
    "[/]",
    "[/bold]",
    "[$error]variable[/]",
    "[@click='app.bell']bell[/]",
    "[[double]]",
    "\\[escaped]",
    ":smile: :skull:",
    "{0} {name!r} %s %(x)s $HOME",
    "</text><script>alert(1)</script>",
    "&lt;&amp;&#27;[31m",
    "]]><![CDATA[",
    "`rm -rf ~`; $(reboot)",
    "../../../etc/passwd",
    "—" * 300,
    "漢字かな한글" * 40,
    "👨‍👩‍👧‍👦🏳️‍🌈❤️" * 10,
    "مرحبا שלום",
]
PAYLOADS: list[str] = [*ESCAPES, *CONTROLS, *UNSEEN, *MARKUP]
"""More than sixty; each is put wherever a trace can hold text."""


def nested(levels: int) -> Any:
    """JSON that many levels deep."""
    value: Any = "bottom"
    for level in range(levels):
        value = {f"level {level}": value} if level % 2 else [value]
    return value


def load(server: SandboxServer, payloads: list[str]) -> list[str]:
    """One failure of the order-status rule per payload, with the payload in every text of it; the trace ids."""
    import json

    now = datetime.now(UTC)
    observations, scores, ids = [], [], []
    for number, payload in enumerate(payloads):
        trace_id = f"{number:032x}"
        ids.append(trace_id)
        start = now - timedelta(minutes=number + 1)
        text = f"{payload} PWNED-{number}"
        case = {"query": text, "region": "eu", "order_reference": "ORDER-1", "prompt_label": payload, payload: payload}
        answer = {"answer": text, "outcome": payload, "list": [payload, {"role": payload, "content": payload}]}
        observations.append(
            {
                "id": f"{number:016x}",
                "traceId": trace_id,
                "traceName": "order-status",
                "name": text,
                "type": "AGENT",
                "isRootObservation": True,
                "startTime": start.isoformat().replace("+00:00", "Z"),
                "endTime": now.isoformat().replace("+00:00", "Z"),
                "sessionId": f"session {text}"[:200],
                "userId": f"user {text}"[:200],
                "tags": [text],
                "release": payload,
                "version": payload,
                "environment": "production",
                "level": "ERROR",
                "statusMessage": text,
                "input": json.dumps(case),
                "output": json.dumps(answer),
                "metadata": {"payload": payload},
            }
        )
        scores.append(
            {
                "id": f"score-{number}",
                "name": "user_feedback",
                "value": False,
                "dataType": "BOOLEAN",
                "source": "API",
                "timestamp": start.isoformat().replace("+00:00", "Z"),
                "environment": "production",
                "comment": text,
                "subject": {"kind": "trace", "id": trace_id},
            }
        )
    with server.store.write() as db:
        observation_record.insert(db, (convert(row)[1] for row in observations))
        score_record.load(db, (convert(row)[1] for row in scores))
    return ids

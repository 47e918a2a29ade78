"""No network, ever: the engine loads and reads with every connection and every other process blocked."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
blocked = []
def refuse(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen"):
        blocked.append(event)
        raise PermissionError(event)
sys.addaudithook(refuse)
from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.pipeline import Pipeline
value = {"q": "Jane Doe <jane@corp.internal>, x@y.museum, https://a.b.co.uk/x, 4111 1111 1111 1111"}
engines = Engine(), Engine(use_model=False)
print(json.dumps([blocked, [Pipeline(e).scrub(value, ScrubPolicy()).value["q"] for e in engines], engines[1].model]))
"""


def test_with_the_models_and_without_nothing_is_fetched() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    blocked, (full, bare), model = json.loads(done.stdout)
    assert (blocked, model) == ([], None)
    assert full.startswith("<PERSON_1> <<EMAIL_ADDRESS_1>>, <EMAIL_ADDRESS_2>, https://a.b.co.uk/x, <CREDIT_CARD_1>")
    assert "jane@" not in bare


def test_the_worker_itself_refuses_connections() -> None:
    code = """
import sys, socket
from curator.scrub import worker
sys.addaudithook(worker._refuse)
for attempt in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: __import__("subprocess").run(["true"])):
    try:
        attempt()
    except PermissionError:
        continue
    sys.exit(1)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

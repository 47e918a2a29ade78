"""Secrets of many kinds, made up anew from a seed so that no real-looking key rests in the repository, and what only
looks like a secret."""

import base64
import random
import string
from collections.abc import Callable

_dice = random.Random(20261122)
ALNUM = string.ascii_letters + string.digits
B64URL = ALNUM + "-_"
HEX = "0123456789abcdef"


def rnd(alphabet: str, n: int) -> str:
    """`n` characters of an alphabet; the last one is alphanumeric."""
    plain = "".join(c for c in alphabet if c.isalnum())
    return "".join(_dice.choice(alphabet) for _ in range(n - 1)) + _dice.choice(plain)


def _uuid() -> str:
    return "-".join(rnd(HEX, n) for n in (8, 4, 4, 4, 12))


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _pem(kind: str) -> str:
    body = "\n".join(rnd(ALNUM + "+/", 64) for _ in range(12))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


# Kind → (the text around the secret, with {}, and how to make one).
KINDS: dict[str, tuple[str, Callable[[], str]]] = {
    "anthropic": ("client = Anthropic(api_key={!r})", lambda: f"sk-ant-api03-{rnd(B64URL, 93)}AA"),
    "openai project": ("my key is {} please fix", lambda: f"sk-proj-{rnd(B64URL, 120)}"),
    "openai classic": ("OPENAI_API_KEY={}", lambda: f"sk-{rnd(ALNUM, 48)}"),
    "openrouter": ("{}", lambda: f"sk-or-v1-{rnd(HEX, 64)}"),
    "langfuse secret": ("secret {}", lambda: f"sk-lf-{_uuid()}"),
    "langfuse public": ("LANGFUSE_PUBLIC_KEY={}", lambda: f"pk-lf-{_uuid()}"),
    "langsmith": ("{}", lambda: f"lsv2_pt_{rnd(HEX, 32)}_{rnd(HEX, 10)}"),
    "hugging face": ("token {} leaked", lambda: f"hf_{rnd(ALNUM, 34)}"),
    "groq": ("{}", lambda: f"gsk_{rnd(ALNUM, 52)}"),
    "github classic": ("git clone with {}", lambda: f"ghp_{rnd(ALNUM, 36)}"),
    "github fine-grained": ("use {}", lambda: f"github_pat_{rnd(ALNUM, 22)}_{rnd(ALNUM, 59)}"),
    "gitlab": ("{}", lambda: f"glpat-{rnd(B64URL, 20)}"),
    "aws key id": ("aws_access_key_id = {}", lambda: f"AKIA{rnd('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}"),
    "aws secret key": ("aws_secret_access_key = {}", lambda: rnd(ALNUM + "/+", 40)),
    "google api key": ("?key={}&v=1", lambda: f"AIza{rnd(B64URL, 35)}"),
    "google oauth": ("Authorization: Bearer {}", lambda: f"ya29.{rnd(B64URL, 80)}"),
    "azure storage": (
        "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=core.windows.net",
        lambda: rnd(ALNUM + "+/", 86) + "==",
    ),
    "azure signed url": ("https://x.blob.core.windows.net/c/f?sv=2024&sig={}", lambda: rnd(ALNUM, 43) + "%3D"),
    "stripe": ("stripe.api_key = '{}'", lambda: f"sk_live_{rnd(ALNUM, 24)}"),
    "stripe webhook": ("{}", lambda: f"whsec_{rnd(ALNUM, 32)}"),
    "slack bot": ("{}", lambda: f"xoxb-{rnd('0123456789', 12)}-{rnd('0123456789', 12)}-{rnd(ALNUM, 24)}"),
    "slack webhook": (
        "post to {}",
        lambda: (
            "https://hooks.slack.com/services/" + f"T{rnd(ALNUM.upper(), 8)}/B{rnd(ALNUM.upper(), 10)}/{rnd(ALNUM, 24)}"
        ),
    ),
    "telegram": ("bot {}", lambda: f"{rnd('123456789', 9)}:AA{rnd(B64URL, 33)}"),
    "discord": ("{}", lambda: f"M{rnd(ALNUM, 25)}.{rnd(ALNUM, 6)}.{rnd(B64URL, 38)}"),
    "twilio": ("{}", lambda: f"SK{rnd(HEX, 32)}"),
    "sendgrid": ("{}", lambda: f"SG.{rnd(B64URL, 22)}.{rnd(B64URL, 43)}"),
    "npm": ("//npm.example.org/:_authToken={}", lambda: f"npm_{rnd(ALNUM, 36)}"),
    "pypi": ("{}", lambda: f"pypi-AgEIcHlwaS5vcmc{rnd(B64URL, 60)}"),
    "digitalocean": ("{}", lambda: f"dop_v1_{rnd(HEX, 64)}"),
    "databricks": ("{}", lambda: f"dapi{rnd(HEX, 32)}"),
    "new relic": ("{}", lambda: f"NRAK-{rnd(string.ascii_uppercase + string.digits, 27)}"),
    "grafana": ("{}", lambda: f"glsa_{rnd(ALNUM, 32)}_{rnd(HEX, 8)}"),
    "shopify": ("{}", lambda: f"shpat_{rnd(HEX, 32)}"),
    "vault": ("VAULT_TOKEN={}", lambda: f"hvs.{rnd(B64URL, 90)}"),
    "linear": ("{}", lambda: f"lin_api_{rnd(ALNUM, 40)}"),
    "notion": ("{}", lambda: f"ntn_{rnd(ALNUM, 46)}"),
    "mailgun": ("{}", lambda: f"key-{rnd(HEX, 32)}"),
    "docker": ("docker login -u me -p {}", lambda: f"dckr_pat_{rnd(B64URL, 27)}"),
    "json web token": (
        "jwt={}",
        lambda: ".".join(
            (_b64('{"alg":"HS256","typ":"JWT"}'), _b64('{"sub":"1234567890","iat":1516239022}'), rnd(B64URL, 43))
        ),
    ),
    "rsa private key": ("{}", lambda: _pem("RSA ")),
    "openssh private key": ("key:\n{}\nthanks", lambda: _pem("OPENSSH ")),
    "password in a URL": ("postgres://app:{}@db.internal:5432/prod", lambda: rnd(ALNUM, 14)),
    "basic auth header": (
        "Authorization: Basic {}",
        lambda: base64.b64encode(f"admin:{rnd(ALNUM, 12)}".encode()).decode(),
    ),
    "bearer header": ('-H "Authorization: Bearer {}"', lambda: rnd(ALNUM, 40)),
    "cookie": ("Cookie: sessionid={}; theme=dark", lambda: rnd(ALNUM, 32)),
    "x-api-key header": ("x-api-key: {}", lambda: rnd(ALNUM, 40)),
    "password assignment": ("password = '{}'", lambda: "Tr0ub4dor&3" + rnd(ALNUM, 4)),
    "password in chat": ("hi, my password is {} and it does not work", lambda: rnd(ALNUM, 10) + "7!"),
    "generic api key": ('"api_key": "{}"', lambda: rnd(HEX, 40)),
    "client secret": ("client_secret={}", lambda: rnd(B64URL, 40)),
}


def samples() -> list[tuple[str, str, str]]:
    """`(kind, text, secret)`, one of each kind."""
    made = []
    for kind, (around, make) in KINDS.items():
        secret = make()
        made.append((kind, around.format(secret), secret))
    return made


NO_SECRETS = (
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 fixes it",
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "md5 5d41402abc4b2a76b9719d911017c592",
    "trace_id 440e50454f31af3176813e02ea68ef78 span 00f067aa0ba902b7",
    "request id 3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "toolu_01A09q90qw90lq917835lq9 and call_HGn16KZh9oNCruxsMJ4gYXan",
    "chatcmpl-A1b2C3d4E5f6G7h8I9j0K1l2M3n4O",
    "cus_N4x8Qe1ab req_8f3b2c1d9a acct_PBQFIzGtSn",
    "merge branch 'feature/add-token-refresh-v2'",
    "fix: rotate API keys before release (#1234)",
    "used 128000 tokens, max_tokens=4096, token_count: 5120",
    "the password field is required",
    "my password is incorrect, please help",
    "reset your password: it must have 8 characters",
    "secret santa starts at 18:00",
    "set OPENAI_API_KEY=<your-key> first",
    "api_key=YOUR_API_KEY",
    'api_key = "sk-..."',
    "password: ********",
    "Authorization: Bearer <token>",
    "https://example.com/reset?token=<TOKEN>",
    "https://docs.example.com/guide/setup?version=2&page=10",
    "git@github.com:org/repo.git",
    "ssh://git@github.com/org/repo.git",
    "postgres://localhost:5432/prod",
    "http://localhost:8080/health",
    "import secrets; secrets.token_hex(16)",
    "os.environ['LANGFUSE_SECRET_KEY']",
    "claude-sonnet-4-20250514 gpt-4o-2024-08-06",
    "sk-learn and sk-image are libraries",
    "ORDER-924 TCK578825 INV-2026-6089 A4151952",
    "tracking 1Z999AA10123456784",
    "base64 of a picture: iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
    "public key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGh8",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
    'ETag: W/"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "key: value, token: string, secret: true",
    "session 7f3e-11aa expired",
    "x-request-id: 7b3e2f1a9c",
    "version 2.14.3+build.5114f85",
)

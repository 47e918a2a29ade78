"""Python reprs of message objects, as they get into a trace when something was turned into text on the way.

The forms, framework by framework: `forms.md` beside this file.
"""

import ast
import html
import re
import warnings
from typing import Any

from curator.conversation.values import Message

ENUM = re.compile(r"<[A-Za-z_][\w.]*: ('[^'\n]*'|\d+)>")
OBJECT = re.compile(
    r"<[A-Za-z_][\w.]*(?: object)?(?: [\w.<>]+)? at 0x[0-9a-fA-F]+>|<\w+\((?:[^<>]|<[^<>]*>)*id_=[^<>]*\)>"
)
# A class with named fields: what a person types seldom starts so, and `print('x')` does not.
START = re.compile(
    r"[\[(]*(?:[a-z_]\w*\.)*[A-Z]\w*\(\s*[a-z_]\w*=|(?=[a-z_]\w*=['\"{\[N])(?:.* )?content=['\"]", re.DOTALL
)
FIELD = re.compile(r"[A-Za-z_]\w*=")
SPEAKERS = "system|user|assistant|human|ai|bot"
# ChatML, Llama 3, Gemma, Phi and Harmony: what begins a turn, and the tokens that end it.
TURN = re.compile(
    r"(?:<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|start\|>|<\|)(system|developer|user|assistant|model|tool)"
    r"(?:<\|end_header_id\|>|(?:<\|channel\|>\w+)?<\|message\|>|\|>|\n|$)\n*"
)
JAVA = re.compile(r"\b(User|Assistant|System)Message\{(?:textContent|content|text)='(.*?)', ?[a-zA-Z]+=", re.DOTALL)
"""Spring AI's `toString()`."""
TOKEN = re.compile(r"<\|(?:im_end|eot_id|end|end_of_text|return)\|>|<end_of_turn>")
LONGEST = 400_000
"""Characters of a text that is tried as a repr."""


def value_of(text: str) -> Any:
    """A repr as JSON-like values: objects become dicts with their class under `__class__`; None when it is none.

    Read as a syntax tree, never executed: constructor calls, literals, lists, dicts and names.
    """
    text = text.strip()
    if len(text) > LONGEST or not START.match(text):
        return None
    if FIELD.match(text):
        text = f"Message({_with_commas(text)})"
    text = OBJECT.sub("None", ENUM.sub(r"\1", text))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in a text from outside would be printed
            return _node(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_object(text: str) -> bool:
    """Whether a text is but Python's name for an object in memory: `<generator object chat at 0x7f…>`, `StartEvent()`."""
    return OBJECT.fullmatch(text.strip()) is not None or re.fullmatch(r"[A-Z]\w*\(\)", text.strip()) is not None


def is_cut(text: str) -> bool:
    """Whether a text is the beginning of a repr alone: LlamaIndex's instrumentation cuts it at 200 characters."""
    return text.endswith("...") and START.match(text) is not None and value_of(text) is None


def _with_commas(text: str) -> str:
    """pydantic's `str()` separates fields by blanks: `content='a' id='b'`."""
    found, quote, depth = [], "", 0
    at = 0
    while at < len(text):
        char = text[at]
        found.append(char)
        if quote:
            if char == "\\":
                at += 1
                found.append(text[at : at + 1])
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == " " and depth == 0 and FIELD.match(text, at + 1):
            found[-1] = ", "
        at += 1
    return "".join(found)


def _node(node: ast.expr) -> Any:
    match node:
        case ast.Constant():
            return (
                node.value
                if not isinstance(node.value, (bytes, complex)) and node.value is not ...
                else str(node.value)
            )
        case ast.List() | ast.Tuple() | ast.Set():
            return [_node(each) for each in node.elts]
        case ast.Dict():
            return {
                str(_node(key)): _node(value)
                for key, value in zip(node.keys, node.values, strict=True)
                if key is not None
            }
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call():
            fields: dict[str, Any] = {"__class__": _name(node.func)}
            if node.args:
                fields["args"] = [_node(each) for each in node.args]
            return fields | {each.arg: _node(each.value) for each in node.keywords if each.arg}
        case _:
            raise ValueError(type(node).__name__)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def messages(text: str) -> list[Message] | None:
    """The messages of a repr, None when it holds none."""
    from curator.conversation.messages import messages_in

    value = value_of(text)
    if value is None:
        return _template(text) or _lines(text)
    found = messages_in(plain(value))
    return list(found) if found else None


def plain(value: Any) -> Any:
    """Objects of a repr as the dicts that their frameworks serialise to."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    name = str(value.get("__class__", ""))
    fields = {key.lstrip("_"): plain(each) for key, each in value.items() if key != "__class__"}
    if name.endswith("Message") and name not in ("Message", "ChatMessage", "Chat") and "role" not in fields:
        return {**fields, "type": name}
    if name.endswith("Message") and not {"role", "source"} & fields.keys() and "content" in fields:
        return {**fields, "role": fields.get("type") or "assistant"}
    kinds = {
        "UserPromptPart": "user-prompt", "SystemPromptPart": "system-prompt", "TextPart": "text",
        "ToolCallPart": "tool-call", "ToolReturnPart": "tool-return", "ThinkingPart": "thinking",
    }  # fmt: skip
    if name in kinds:
        return {"part_kind": kinds[name], **fields}
    if name in ("ModelRequest", "ModelResponse"):
        return {"kind": name.removeprefix("Model").lower(), **fields}
    if name == "ToolCallResult":
        return {"tool_call_result": fields}
    if name == "ToolCall" and "tool_name" in fields:
        return {"tool_call": fields}
    return fields


def _template(text: str) -> list[Message] | None:
    """A prompt as a model's template or Semantic Kernel writes it: `<|im_start|>user\\n…<|im_end|>`, `<message role=…>`."""
    from curator.conversation.messages import ROLES

    if written := re.findall(r'<message role="(\w+)"[^>]*>(.*?)</message>', text, re.DOTALL):
        pairs = [(role, html.unescape(re.sub(r"</?text>", "", said))) for role, said in written]
    elif not (pairs := JAVA.findall(text) if text.startswith(("[", "SystemMessage{", "UserMessage{")) else []):
        pieces = TURN.split(text)
        pairs = list(zip(pieces[1::2], pieces[2::2], strict=True))
    found = [
        Message(role=ROLES[role.lower()], text=TOKEN.sub("", said).strip())
        for role, said in pairs
        if role.lower() in ROLES
    ]
    return found[:-1] if len(found) > 1 and not found[-1].text else found or None


def _lines(text: str) -> list[Message] | None:
    """`str()` of LlamaIndex's messages: `system: …` and `user: …`, each on a line of its own."""
    from curator.conversation.messages import ROLES

    if not re.match(rf"(?:{SPEAKERS}): ", text, re.IGNORECASE):
        if not re.search(r"\n\nHuman: .*\n\nAssistant:$", text.rstrip(), re.DOTALL):
            return None
        text = f"System: {text}"  # what stands before the first turn of an old completion
    pieces = re.split(rf"^({SPEAKERS}|tool):(?: |$)", text, flags=re.MULTILINE | re.IGNORECASE)[1:]
    pairs = zip(pieces[::2], pieces[1::2], strict=True)
    found = [Message(role=ROLES[role.lower()], text=said.strip()) for role, said in pairs]
    return found[:-1] if len(found) > 1 and not found[-1].text else found  # `AI:` at the end of a prompt is a cue
